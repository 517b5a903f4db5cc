use proptest::prelude::*;
use proptest::sample::{Index, select};
use sim_core::scenario::{FourIds, MapFileName, Process, SetText, WriteMapCall};

use super::{Bounds, HOMES, Home, process};

/// A write to the maps of some namespace. Which one is settled once the whole sequence is drawn.
#[derive(Clone, Debug)]
pub(super) struct MapWriteMove {
    target: Target,
    file: MapFileName,
    text: String,
    by: Option<Process>,
}

#[derive(Clone, Debug)]
enum Target {
    Any(Index),
    /// The one that was made or described last.
    Newest,
    /// The one without maps.
    Blank,
}

/// A namespace without maps, below the one that the thread is in.
pub(super) const BLANK: &str = "blank";

impl MapWriteMove {
    /// The call, if these namespaces are there.
    pub(super) fn settle(self, names: &[String]) -> WriteMapCall {
        let user_ns = match self.target {
            Target::Any(index) => index.get(names).clone(),
            Target::Newest => names.last().cloned().unwrap_or_default(),
            Target::Blank => BLANK.to_owned(),
        };
        WriteMapCall { user_ns, file: self.file, text: self.text, by: self.by.map(Box::new) }
    }
}

/// Any write, good ones often.
pub(super) fn map_write(home: Home, bounds: Bounds) -> impl Strategy<Value = MapWriteMove> {
    let target = prop_oneof![
        2 => any::<Index>().prop_map(Target::Any),
        4 => Just(Target::Newest),
        3 => Just(Target::Blank),
    ];
    let write = prop_oneof![
        4 => map(home).prop_map(|text| (MapFileName::UidMap, text)),
        3 => map(home).prop_map(|text| (MapFileName::GidMap, text)),
        3 => setgroups().prop_map(|text| (MapFileName::Setgroups, text)),
    ];
    let [init, ..] = HOMES;
    let writer = prop_oneof![
        3 => process(home, home.capabilities(bounds), bounds),
        1 => process(init, init.capabilities(bounds), bounds),
        1 => all_powerful(home),
        1 => all_powerful(init),
    ];
    (target, write, prop::option::weighted(0.5, writer)).prop_map(|(target, (file, text), by)| MapWriteMove {
        target,
        file,
        text,
        by,
    })
}

/// A process with every capability in its namespace, as any user of it.
fn all_powerful(home: Home) -> impl Strategy<Value = Process> {
    select(home.ids).prop_map(move |id| Process {
        uid: Some(FourIds([id; 4])),
        gid: Some(FourIds([id; 4])),
        permitted: Some(SetText::All),
        effective: Some(SetText::All),
        user_ns: home.namespaces.last().map(|name| (*name).to_owned()),
        ..Process::default()
    })
}

/// A map over ids that mean something above, or a text that is none.
fn map(home: Home) -> impl Strategy<Value = String> {
    let inside = || select(vec![0u32, 1, 5, 1000]);
    let outside =
        move || prop_oneof![4 => select(home.ids), 2 => Just(0), 1 => select(vec![1u32, 5, 1000, 77_777_777])];
    let count = || prop_oneof![5 => Just(1u32), 2 => select(vec![2u32, 10, 500])];
    prop_oneof![
        8 => (inside(), outside()).prop_map(|(inside, outside)| format!("{inside} {outside} 1")),
        3 => (inside(), outside(), count()).prop_map(|(inside, outside, count)| format!("{inside} {outside} {count}\n")),
        2 => (inside(), outside(), count(), inside(), outside(), count())
            .prop_map(|(a, b, c, d, e, f)| format!("{a} {b} {c}\n{d} {e} {f}")),
        2 => odd_map(),
    ]
}

/// Texts at the edges of what the kernel reads as a map.
fn odd_map() -> impl Strategy<Value = String> {
    const ODD: [&str; 26] = [
        "",
        "\n",
        " ",
        "0 0",
        "0 0 ",
        "0 0 0",
        "x 0 1",
        "0 0 1x",
        "0 0 1 1",
        "0 -1 1",
        "+0 0 1",
        "0x0 0 1",
        " \u{b}0\t0\r1 \u{c}\n",
        "0 0 1\n\n",
        "\n0 0 1",
        "0 0 1\0x",
        "\0",
        "0\u{a0}0 1",
        "4294967296 0 4294967297",
        "18446744073709551616 0 1",
        "0 36893488147419103232 1",
        "0 0 18446744073709551617",
        "0 4294967295 1",
        "1 0 4294967295",
        "0 0 4294967295",
        "0 4294967294 1",
    ];
    let lines = select(vec![5usize, 6, 339, 340, 341, 342]).prop_map(|count| {
        let lines: Vec<String> = (0..count).map(|id| format!("{id} {id} 1")).collect();
        lines.join("\n")
    });
    let padded = select(vec![4094usize, 4095, 4096, 5000]).prop_map(|length| format!("{:length$}", "0 0 1"));
    prop_oneof![6 => select(&ODD[..]).prop_map(str::to_owned), 1 => lines, 1 => padded]
}

fn setgroups() -> impl Strategy<Value = String> {
    const WORDS: [&str; 16] = [
        "allow",
        "allow\n",
        "deny\n",
        "deny   ",
        "deny    ",
        "deny\n\n",
        " deny",
        "denyx",
        "den",
        "Deny",
        "",
        "\n",
        "allow deny",
        "deny\0x",
        "deny \t",
        "allowed",
    ];
    prop_oneof![5 => Just("deny".to_owned()), 1 => Just("allow".to_owned()), 2 => select(&WORDS[..]).prop_map(str::to_owned)]
}
