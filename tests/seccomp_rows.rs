//! The rows that other projects' filters were measured with: each filter, on each call, gives the word that it should.
//!
//! The data are other projects' and not part of this one. They are read where they lie: in `$EPERM_CONFORMANCE`, or in
//! the folder `shared/conformance` beside the repository.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of tests may say what it expects")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use formats::{Form, read_filter};
use sim_core::rule::Silent;
use sim_core::seccomp::bpf::Program;
use sim_core::seccomp::text::{disassemble, read, statements};
use sim_core::seccomp::{Action, Architecture, ByteOrder, FilterReturn, SeccompData};

/// The files of an archive by name, or `None`, with a word, if it is not there.
fn archive(name: &str) -> Option<BTreeMap<String, Vec<u8>>> {
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
struct Table<'a> {
    columns: Vec<&'a str>,
    rows: Vec<Vec<&'a str>>,
}

impl<'a> Table<'a> {
    fn read(text: &'a str) -> Self {
        let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let columns = lines.next().unwrap();
        Self { columns, rows: lines.collect() }
    }

    fn get(&self, row: &[&'a str], column: &str) -> &'a str {
        let at = self.columns.iter().position(|name| *name == column).unwrap();
        row.get(at).copied().unwrap()
    }

    /// The call of a row, and the byte order of its machine.
    fn call(&self, row: &[&'a str]) -> (SeccompData, ByteOrder) {
        let number = |column: &str| self.get(row, column).parse::<i128>().unwrap();
        let arch = Architecture::from_token(hexadecimal(self.get(row, "audit_arch")));
        let order = if self.get(row, "endian") == "be" { ByteOrder::Big } else { ByteOrder::Little };
        assert_eq!(arch.byte_order(), order, "{row:?}");
        let nr = u32::try_from(number("nr") & 0xffff_ffff).unwrap();
        let args = ["a0", "a1", "a2", "a3", "a4", "a5"].map(|name| u64::try_from(number(name)).unwrap());
        (SeccompData::call(arch, nr, args), order)
    }
}

fn hexadecimal(text: &str) -> u32 {
    u32::from_str_radix(text.strip_prefix("0x").unwrap(), 16).unwrap()
}

/// The checked programs of an archive's `.bpf` files, and that each can be written and read back.
fn programs(files: &BTreeMap<String, Vec<u8>>, folder: &str) -> BTreeMap<String, (Program, ByteOrder)> {
    let mut programs = BTreeMap::new();
    for (name, bytes) in
        files.iter().filter(|(name, _)| Path::new(name).extension().is_some_and(|kind| kind == "bpf"))
    {
        let filter = read_filter(bytes, None).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(filter.form, Form::Raw, "{name}");
        let (instructions, order) = (filter.instructions, filter.order.unwrap());
        for listing in [disassemble(&instructions, order), statements(&instructions, order)] {
            assert_eq!(read(&listing, order).as_ref(), Ok(&instructions), "{name}");
        }
        let program = Program::check(instructions).unwrap_or_else(|error| panic!("{name}: {error}"));
        programs.insert(name.strip_prefix(folder).unwrap().to_owned(), (program, order));
    }
    programs
}

#[test]
fn every_row_of_libseccomp() {
    let Some(files) = archive("libseccomp.tar.xz") else { return };
    let programs = programs(&files, "libseccomp/bpf/");
    let text = std::str::from_utf8(&files["libseccomp/rows.csv"]).unwrap();
    let table = Table::read(text);
    let mut executed = 0;
    for row in &table.rows {
        let (program, _) = &programs[table.get(row, "bpf")];
        let (data, order) = table.call(row);
        let run = program.run_in(&data, order, &mut Silent);
        executed += run.executed;
        // A row names action and data; KILL is that of the thread.
        let expected: FilterReturn = table.get(row, "expect").parse().unwrap();
        assert_eq!(run.returned, expected, "{row:?}");
    }
    let architectures: BTreeSet<_> = table.rows.iter().map(|row| table.get(row, "arch")).collect();
    println!(
        "{} rows, {} filters, {} architectures, {executed} instructions executed: all agree",
        table.rows.len(),
        programs.len(),
        architectures.len(),
    );
    assert_eq!((table.rows.len(), programs.len(), architectures.len()), (71_270, 480, 23));
}

#[test]
fn every_row_of_the_profiles() {
    let Some(files) = archive("profiles.tar.xz") else { return };
    let programs = programs(&files, "profiles/bpf/");
    let text = std::str::from_utf8(&files["profiles/rows.csv"]).unwrap();
    let table = Table::read(text);
    let mut allowed = 0;
    for row in &table.rows {
        let (data, order) = table.call(row);
        let expected = FilterReturn(hexadecimal(table.get(row, "ret")));
        for optimised in ["opt1", "opt2"] {
            let (program, _) = &programs[&format!("{}.{optimised}.bpf", table.get(row, "case"))];
            assert_eq!(program.run_in(&data, order, &mut Silent).returned, expected, "{optimised}: {row:?}");
        }
        allowed += usize::from(expected.action() == Action::Allow);
    }
    println!(
        "{} rows, {} filters, {allowed} allowed: all agree, with both of libseccomp's compilations",
        table.rows.len(),
        programs.len()
    );
    assert_eq!((table.rows.len(), programs.len()), (35_467, 80));
}
