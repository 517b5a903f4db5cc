use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Node, Path};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a thing")]
struct Thing {
    name: Option<String>,
    kind: Option<Kind>,
    pair: Option<[u8; 2]>,
    number: Option<i64>,
    things: Option<BTreeMap<String, Thing>>,
    raw: Option<Box<RawValue>>,
}

#[derive(Debug, Deserialize)]
enum Kind {
    Plain,
}

fn read(text: &str) -> Result<Thing, (usize, String, String)> {
    Node::root(text).and_then(|root| root.read()).map_err(|error| {
        let (offset, path, message) = error.into_parts();
        (offset, path.to_string(), message)
    })
}

/// Reads bad input and compares where the error is and what its message says. The place is marked by «.
#[track_caller]
fn check(marked: &str, path: &str, message: &str) {
    let offset = marked.find('«').expect("a mark");
    let (at, found, said) = read(&marked.replace('«', "")).expect_err(marked);
    assert_eq!((at, found.as_str()), (offset, path), "{said}");
    assert!(said.contains(message), "{said}");
}

#[test]
fn errors_have_the_place_of_the_value() {
    check("«[]", "", "invalid type: sequence, expected a thing");
    check("\n «null", "", "invalid type: null, expected a thing");
    check(r#"{"name": «7}"#, "name", "invalid type: integer `7`, expected a string");
    check(r#"{"name": «-1.5e3}"#, "name", "invalid type: floating point `-1.5e3`, expected a string");
    check(
        r#"{"number": «18446744073709551616}"#,
        "number",
        "invalid value: integer `18446744073709551616`, expected i64",
    );
    check(r#"{"number": «18446744073709551615}"#, "number", "invalid value: integer `18446744073709551615`");
    check(r#"{"number": «"\"x"}"#, "number", r#"invalid type: string "\"x", expected i64"#);
    check(r#"{"number": «true}"#, "number", "boolean `true`");
    check(r#"{"things": {"a/b": {"pair": [1, «256]}}}"#, r#"things["a/b"].pair[1]"#, "expected u8");
    check(r#"{"pair": «[1]}"#, "pair", "invalid length 1, expected an array of length 2");
    check(r#"{"pair": «[1, 2, 3]}"#, "pair", "invalid length 3");
    check(r#"{"kind": «"Fancy"}"#, "kind", "unknown variant `Fancy`");
    check(r#"{"kind": «{"Plain": null}}"#, "kind", "invalid type: map");
    check(r#"{"things": {"x": «[]}}"#, "things.x", "expected a thing");
    check(r#"{"nam\u0065": «[]}"#, "name", "expected a string");
}

#[test]
fn errors_about_keys_have_the_place_of_their_value() {
    check(r#"{"things": {"x": {"colour": «{}}}}"#, "things.x.colour", "unknown field `colour`");
    check(r#"{"number": 1, "name": "x", "number": «2}"#, "number", "\"number\" is given twice");
    check(r#"{"name": "x", "things": {"y": {"name": "y", "name": «"z"}}}"#, "things.y.name", "given twice");
}

#[test]
fn what_is_no_json_has_a_place_and_a_path() {
    check("«", "", "EOF");
    check("{} «x", "", "trailing characters");
    check(r#"{"name": "x«""#, "name", "EOF while parsing an object");
    check(r#"{"pair": [1, «x]}"#, "pair[1]", "expected value");
    check(r#"{"name": "\", {[", "things": {"x": {"pair": [[], {"a": 1}, «}}}"#, "things.x.pair[2]", "expected value");
    check("{\n\"name\": n«il}", "name", "expected ident");
    check("{\"name\" «1}", "name", "expected `:`");
    check(r#"{"number": 1 «"name": 2}"#, "number", "expected `,` or `}`");
    check(r#"{"number": 1, «}"#, "", "trailing comma");
    check(r#"{"pair": [1,  «]}"#, "pair[1]", "trailing comma");
    check(r#"{"name": "é\ud800«"}"#, "name", "hex escape");
    check(&format!("{{\"name\": {}«[", "[".repeat(100_000)), &format!("name{}", "[0]".repeat(127)), "EOF");
}

#[test]
fn minus_nought_is_nought() {
    assert_eq!(read(r#"{"number": -0}"#).unwrap().number, Some(0));
    assert_eq!(read(r#"{"pair": [-0, 255]}"#).unwrap().pair, Some([0, 255]));
    check(r#"{"number": «-0.0}"#, "number", "floating point");
    assert_eq!(read(r#"{"number": -9223372036854775808}"#).unwrap().number, Some(i64::MIN));
}

#[test]
fn what_is_there_is_read() {
    let thing =
        read(r#" {"name": "\u00e9\n", "kind": "Plain", "raw": { "a" : [1.50] } , "things": {"": {}}} "#).unwrap();
    assert_eq!(thing.name.as_deref(), Some("é\n"));
    assert!(matches!(thing.kind, Some(Kind::Plain)));
    assert_eq!(thing.raw.unwrap().get(), r#"{ "a" : [1.50] }"#);
    assert_eq!(thing.things.unwrap().keys().collect::<Vec<_>>(), [""]);
}

#[test]
fn a_path_leads_to_its_value_or_to_the_nearest_around_it() {
    let text = r#" {"a": [10, {"b\n": 5}]}"#;
    let root = Node::root(text).unwrap();
    let at = |path: Path| text.get(root.offset_of(&path)..).unwrap();
    let a = || Path::default().key("a");
    assert!(at(Path::default()).starts_with("{\"a"));
    assert!(at(a()).starts_with("[10"));
    assert!(at(a().index(0)).starts_with("10,"));
    assert!(at(a().index(1).key("b\n")).starts_with("5}"));
    assert!(at(a().index(1).key("c").key("d")).starts_with("{\"b"));
    assert!(at(a().index(2)).starts_with("[10"));
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| format!("{}0{}", "[".repeat(depth), "]".repeat(depth));
    let read = |text: &str| Node::root(text).and_then(|root| root.read::<Value>()).map_err(|error| error.to_string());
    assert!(read(&nested(128)).is_ok());
    assert!(read(&nested(129)).unwrap_err().contains("more than 128 deep"));
    assert!(read(&nested(100_000)).unwrap_err().contains("more than 128 deep"));
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn values_are_those_of_serde_json(value in value(), pretty: bool) {
        let text = if pretty { format!("{value:#}") } else { value.to_string() };
        prop_assert_eq!(Node::root(&text).unwrap().read::<Value>().unwrap(), value);
    }

    #[test]
    fn broken_texts_are_refused_where_serde_json_refuses_them(value in value(), at: prop::sample::Index, by: char) {
        let mut text: Vec<char> = format!("{value:#}").chars().collect();
        *at.get_mut(&mut text) = by;
        let text: String = text.into_iter().collect();
        let (Err(place), Err(expected)) = (serde_json::from_str::<&RawValue>(&text), serde_json::from_str::<Value>(&text))
        else {
            return Ok(());
        };
        let (offset, _, message) = Node::root(&text).unwrap_err().into_parts();
        let before = text.get(..offset).unwrap();
        let line = before.matches('\n').count() + 1;
        let column = offset - before.rfind('\n').map_or(0, |end| end + 1) + 1;
        prop_assert_eq!(line, place.line());
        // serde_json may stop within a character.
        prop_assert!((column..column + 4).contains(&place.column().max(1)), "{} {}", column, place);
        prop_assert!(expected.to_string().starts_with(&message), "{} {}", message, expected);
    }
}
