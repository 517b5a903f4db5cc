//! Texts that a system prints about processes, files and itself, and unit files of systemd.

pub(crate) mod capsh;
pub(crate) mod getcap;
pub(crate) mod iab;
pub(crate) mod id;
pub(crate) mod ls;
pub(crate) mod mount;
pub(crate) mod stat;
pub(crate) mod status;
pub(crate) mod sysctl;
#[cfg(test)]
mod tests;
pub(crate) mod unit;
pub(crate) mod version;

/// The id that a name of a user or a group stands for, and whether it had to be assumed.
pub(crate) fn id_of(name: &str) -> (u32, bool) {
    match name {
        "root" | "wheel" | "system" => (0, false),
        // The numbers that Debian, Alpine and Fedora give to these.
        "nobody" | "nogroup" => (65534, true),
        "www-data" => (33, true),
        name => name.parse().map_or((1000, true), |id| (id, false)),
    }
}
