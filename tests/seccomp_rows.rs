//! The rows that other projects' filters were measured with: each filter, on each call, gives the word that it should.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of tests may say what it expects")]

mod archive;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use formats::{Form, read_filter};
use sim_core::rule::Silent;
use sim_core::seccomp::bpf::Program;
use sim_core::seccomp::region::Diagram;
use sim_core::seccomp::text::{disassemble, read, statements};
use sim_core::seccomp::{Action, ByteOrder, FilterReturn};

use archive::{Table, archive, hexadecimal};

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
fn every_row_of_libseccomp_by_regions() {
    let Some(files) = archive("libseccomp.tar.xz") else { return };
    let table = Table::read(std::str::from_utf8(&files["libseccomp/rows.csv"]).unwrap());
    let mut diagrams = BTreeMap::new();
    for (name, (program, order)) in programs(&files, "libseccomp/bpf/") {
        let mut diagram = Diagram::new(order);
        let answers = diagram.program(&program).unwrap_or_else(|error| panic!("{name}: {error}"));
        diagrams.insert(name, (diagram, answers));
    }
    for row in &table.rows {
        let (diagram, answers) = &diagrams[table.get(row, "bpf")];
        let expected: FilterReturn = table.get(row, "expect").parse().unwrap();
        assert_eq!(diagram.answer(*answers, &table.call(row).0), expected, "{row:?}");
    }
    let nodes: usize = diagrams.values().map(|(diagram, _)| diagram.len()).sum();
    println!("{} rows, {} filters followed, {nodes} nodes: all agree", table.rows.len(), diagrams.len());
    assert_eq!((table.rows.len(), diagrams.len()), (71_270, 480));
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
