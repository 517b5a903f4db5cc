//! Debian's kernels: the newest build of each series that the package lists have.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use walkdir::WalkDir;

use crate::shell::{read, run};

/// A series of kernels and where Debian has it.
pub(crate) struct Series {
    /// As people say it.
    pub(crate) name: &'static str,
    /// The suites, with the archive that holds each.
    suites: &'static [(&'static str, &'static str)],
    /// The packages begin so.
    prefix: &'static str,
    /// And end so; between them stands the build.
    suffix: &'static str,
}

const ARCHIVE: &str = "debian";
const SECURITY: &str = "debian-security";

/// The smallest flavour of each series.
pub(crate) const SERIES: [Series; 4] = [
    Series {
        name: "5.10",
        suites: &[(ARCHIVE, "bullseye"), (SECURITY, "bullseye-security")],
        prefix: "linux-image-5.10.0-",
        suffix: "-cloud-amd64",
    },
    Series {
        name: "6.1",
        suites: &[(ARCHIVE, "bookworm"), (SECURITY, "bookworm-security")],
        prefix: "linux-image-6.1.0-",
        suffix: "-cloud-amd64-unsigned",
    },
    Series {
        name: "6.12",
        suites: &[(ARCHIVE, "bookworm-backports"), (ARCHIVE, "bookworm"), (SECURITY, "bookworm-security")],
        prefix: "linux-image-6.12.",
        suffix: "-cloud-amd64-unsigned",
    },
    Series { name: "7", suites: &[(ARCHIVE, "sid")], prefix: "linux-binary-7.", suffix: "-cloud-amd64" },
];

/// Fetches the newest build and gives the path of its image. Nothing is installed.
pub(crate) fn fetch(series: &Series, folder: &Path) -> Result<PathBuf> {
    let apt = Apt::new(series, folder)?;
    run(apt.command("apt-get").args(["-qq", "update"]))?;
    let names = read(apt.command("apt-cache").args(["pkgnames", series.prefix]))?;
    let is_build = |name: &&str| {
        let build = name.strip_prefix(series.prefix).and_then(|rest| rest.strip_suffix(series.suffix));
        build.is_some_and(|build| build.starts_with(|c: char| c.is_ascii_digit()) && !build.contains("deb11"))
    };
    let newest = names.lines().filter(is_build).max_by_key(|name| numbers(name));
    let Some(package) = newest else {
        bail!("no package {}*{} is in the package lists", series.prefix, series.suffix);
    };
    let unpacked = apt.folder.join(package);
    if !unpacked.exists() {
        run(apt.command("apt-get").args(["-qq", "download", package]).current_dir(&apt.folder))?;
        let archive = find(&apt.folder, |name| name.starts_with(&format!("{package}_")))?;
        let partial = apt.folder.join("partial");
        run(Command::new("dpkg-deb").arg("-x").arg(&archive).arg(&partial))?;
        fs::rename(&partial, &unpacked)?;
        fs::remove_file(archive)?;
    }
    find(&unpacked, |name| name == "vmlinuz" || name.starts_with("vmlinuz-"))
}

/// The numbers in a name, so that build 9 comes before build 10.
fn numbers(name: &str) -> Vec<u64> {
    name.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
}

fn find(folder: &Path, wanted: impl Fn(&str) -> bool) -> Result<PathBuf> {
    let found = WalkDir::new(folder)
        .into_iter()
        .filter_map(Result::ok)
        .find(|entry| entry.file_type().is_file() && wanted(&entry.file_name().to_string_lossy()));
    found.map(walkdir::DirEntry::into_path).with_context(|| format!("{} lacks the file", folder.display()))
}

/// apt with lists and a cache of its own, and the mirror that the machine uses.
struct Apt {
    folder: PathBuf,
}

impl Apt {
    fn new(series: &Series, folder: &Path) -> Result<Self> {
        let folder = folder.join(series.name);
        for part in ["lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(folder.join(part))?;
        }
        let mirror = mirror()?;
        let lines = series
            .suites
            .iter()
            .map(|(archive, suite)| format!("deb [signed-by={KEYRING}] {mirror}/{archive} {suite} main\n"));
        fs::write(folder.join("sources.list"), lines.collect::<String>())?;
        Ok(Self { folder })
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        for (name, value) in [
            ("Dir::Etc::sourcelist", self.folder.join("sources.list")),
            ("Dir::Etc::sourceparts", "/dev/null".into()),
            ("Dir::State::Lists", self.folder.join("lists")),
            ("Dir::Cache", self.folder.join("cache")),
            ("APT::Sandbox::User", "root".into()),
        ] {
            command.arg("-o").arg(format!("{name}={}", value.display()));
        }
        command
    }
}

const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Where the machine's own apt fetches Debian's archive from, without the archive's name.
pub(crate) fn mirror() -> Result<String> {
    let mut texts = vec![fs::read_to_string("/etc/apt/sources.list").unwrap_or_default()];
    for entry in WalkDir::new("/etc/apt/sources.list.d").sort_by_file_name().into_iter().filter_map(Result::ok) {
        texts.push(fs::read_to_string(entry.path()).unwrap_or_default());
    }
    find_mirror(&texts.join("\n")).context("this machine's apt has no mirror of Debian's archive")
}

fn find_mirror(sources: &str) -> Option<String> {
    let words = sources.lines().filter(|line| !line.trim_start().starts_with('#')).flat_map(str::split_whitespace);
    words
        .filter_map(|word| word.trim_end_matches('/').strip_suffix("/debian"))
        .find(|url| url.contains("://"))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::{find_mirror, numbers};

    #[test]
    fn the_mirror_is_found_in_both_notations() {
        let sources = "# http://old.example/debian\nTypes: deb\nURIs: http://mirror.example/debian/\n";
        assert_eq!(find_mirror(sources).as_deref(), Some("http://mirror.example"));
        let line = "deb [signed-by=/x] https://mirror.example/debian bookworm main";
        assert_eq!(find_mirror(line).as_deref(), Some("https://mirror.example"));
        assert_eq!(find_mirror("deb https://other.example/apt x main"), None);
    }

    #[test]
    fn builds_are_compared_as_numbers() {
        assert!(numbers("linux-image-5.10.0-9-cloud-amd64") < numbers("linux-image-5.10.0-46-cloud-amd64"));
        assert!(numbers("linux-image-6.12.9+deb12-cloud") < numbers("linux-image-6.12.117+deb12-cloud"));
    }
}
