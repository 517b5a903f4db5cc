//! The rows that other projects' filters were measured with, as data.
//!
//! The data are other projects' and not part of this one. They are read where they lie: in `$EPERM_CONFORMANCE`, or in
//! the folder `shared/conformance` beside the repository.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::PathBuf;

use sim_core::seccomp::{Architecture, ByteOrder, SeccompData};

/// The files of an archive by name, or `None`, with a word, if it is not there.
pub(crate) fn archive(name: &str) -> Option<BTreeMap<String, Vec<u8>>> {
    let folder = std::env::var_os("EPERM_CONFORMANCE")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/conformance")), PathBuf::from);
    let path = folder.join(name);
    let Ok(file) = File::open(&path) else {
        println!("skipped: {} is not there; EPERM_CONFORMANCE may name its folder", path.display());
        return None;
    };
    let unpacked = lzma_rust2::XzReader::new(BufReader::new(file), true);
    let mut archive = tar::Archive::new(unpacked);
    let mut files = BTreeMap::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_string_lossy().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        files.insert(name, bytes);
    }
    Some(files)
}

/// A table with a heading: rows that can be asked for a column by name.
pub(crate) struct Table<'a> {
    columns: Vec<&'a str>,
    pub(crate) rows: Vec<Vec<&'a str>>,
}

impl<'a> Table<'a> {
    pub(crate) fn read(text: &'a str) -> Self {
        let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let columns = lines.next().unwrap();
        Self { columns, rows: lines.collect() }
    }

    pub(crate) fn get(&self, row: &[&'a str], column: &str) -> &'a str {
        let at = self.columns.iter().position(|name| *name == column).unwrap();
        row.get(at).copied().unwrap()
    }

    /// The call of a row, and the byte order of its machine.
    pub(crate) fn call(&self, row: &[&'a str]) -> (SeccompData, ByteOrder) {
        let number = |column: &str| self.get(row, column).parse::<i128>().unwrap();
        let arch = Architecture::from_token(hexadecimal(self.get(row, "audit_arch")));
        let order = if self.get(row, "endian") == "be" { ByteOrder::Big } else { ByteOrder::Little };
        assert_eq!(arch.byte_order(), order, "{row:?}");
        let nr = u32::try_from(number("nr") & 0xffff_ffff).unwrap();
        let args = ["a0", "a1", "a2", "a3", "a4", "a5"].map(|name| u64::try_from(number(name)).unwrap());
        (SeccompData::call(arch, nr, args), order)
    }
}

pub(crate) fn hexadecimal(text: &str) -> u32 {
    u32::from_str_radix(text.strip_prefix("0x").unwrap(), 16).unwrap()
}
