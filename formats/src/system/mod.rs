//! Texts that a system prints about processes, files and itself, and unit files of systemd.

pub(crate) mod getcap;
pub(crate) mod status;
pub(crate) mod unit;
