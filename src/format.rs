use std::io::Write;

use anyhow::{Context, Result};
use serde_json::{Map, Value};
use sim_core::rule::Rule;
use sim_core::scenario::json_schema;

use crate::Status;

/// The JSON Schema of the scenario format.
pub(crate) fn schema(out: &mut impl Write) -> Result<Status> {
    writeln!(out, "{}", serde_json::to_string_pretty(&json_schema())?)?;
    Ok(Status::Held)
}

/// The scenario format for people: the schema as Markdown, each call with the rules that decide it.
pub(crate) fn book(out: &mut impl Write) -> Result<Status> {
    let schema = json_schema().to_value();
    let definitions = schema.get("$defs").and_then(Value::as_object).context("the schema has no definitions")?;
    writeln!(out, "# The scenario format\n")?;
    writeln!(
        out,
        "One JSON object describes a world, a list of steps, and what is expected of them. The command, the page, the tests and\n\
         `native-verify` all read it. Made by `cargo xtask book` from the types that read it; the same as a JSON Schema is\n\
         [`scenarios/scenario.schema`](scenarios/scenario.schema).\n\n\
         Ids in `process` and in the arguments of calls are those that the process sees, in its own user namespace; on `files`\n\
         and `owner` they are host ids. What a program could pass to the kernel is never an input error: it gets the kernel's\n\
         answer. An operation that only asks for a permission returns 0 when it is granted, and changes nothing.\n\n\
         Filters of system calls, those of `process.seccomp` and those that steps install, judge every call step before the kernel\n\
         looks at it, as a call of the machine that they are made for. A step makes the system call that its key names; `setcap` is\n\
         setxattr, and `write` and `write_map` are openat and write. (A machine may have only fchownat for chown, and a C library\n\
         may make openat of open; a `syscall` step asks about any call.) Ids, flags, options, sizes and modes are known to the\n\
         filters as the step has them, the signal of a child's end among clone's flags; pointers, descriptors, pids, the\n\
         instruction's address and registers beyond a call's arguments are not, and where the verdict depends on them the result\n\
         says so in `not_performed`. After a step that is `killed`, or whose outcome is not known, no other is performed. SIGSYS has\n\
         no handler, no tracer asked for events, and nobody answers for a listener.\n\n\
         A profile without an engine has its own meaning, several conditions on one argument all demanded; its `includes`, `excludes`\n\
         and `archMap` are read as by Docker, which is so with runc and youki too, and with crun as by Podman.\n"
    )?;
    fields(out, "A scenario", &schema)?;
    calls(out, definitions.get("Step").context("the schema has no steps")?)?;
    for (name, definition) in definitions.iter().filter(|(name, _)| *name != "Step") {
        fields(out, name, definition)?;
    }
    Ok(Status::Held)
}

/// Every call, with its argument and the rules that carry its name.
fn calls(out: &mut impl Write, step: &Value) -> Result<()> {
    writeln!(out, "## Steps\n\nA step has exactly one call, and may have `expect` and `note`.\n")?;
    writeln!(out, "| call | argument | rules |\n|---|---|---|")?;
    for (name, argument) in properties(step) {
        if ["expect", "note"].contains(&name.as_str()) {
            continue;
        }
        let own =
            Rule::all().map(|rule| rule.id).filter(|id| id.split_once('.').is_some_and(|(call, _)| call == name));
        let rules: Vec<_> = own.map(|id| format!("`{id}`")).collect();
        writeln!(out, "| `{name}` | {} | {} |", described(argument), rules.join(", "))?;
    }
    writeln!(out)?;
    Ok(())
}

/// A type: what it is, and its fields or values.
fn fields(out: &mut impl Write, name: &str, definition: &Value) -> Result<()> {
    writeln!(out, "## {name}\n")?;
    if let Some(description) = description(definition) {
        writeln!(out, "{description}\n")?;
    }
    let variants: Vec<_> = variants(definition).collect();
    if !variants.is_empty() {
        for (value, description) in variants {
            writeln!(out, "- `{value}`: {description}")?;
        }
        writeln!(out)?;
    }
    if properties(definition).next().is_none() {
        return Ok(());
    }
    let required: Vec<_> = definition.get("required").and_then(Value::as_array).into_iter().flatten().collect();
    writeln!(out, "| field | value | meaning |\n|---|---|---|")?;
    for (name, value) in properties(definition) {
        let must = if required.iter().any(|known| *known == name) { " (required)" } else { "" };
        let meaning = description(value).unwrap_or_default();
        writeln!(out, "| `{name}`{must} | {} | {meaning} |", kind(value))?;
    }
    writeln!(out)?;
    Ok(())
}

fn properties(definition: &Value) -> impl Iterator<Item = (&String, &Value)> {
    definition.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

/// The named values of a choice.
fn variants(definition: &Value) -> impl Iterator<Item = (&str, String)> {
    let choices = definition.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    choices.filter_map(|choice| {
        let value = choice.get("const")?.as_str()?;
        Some((value, description(choice).unwrap_or_default()))
    })
}

/// What a schema says of itself, in one line that a table can hold.
fn description(value: &Value) -> Option<String> {
    let text = value.get("description")?.as_str()?;
    Some(text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|"))
}

fn described(value: &Value) -> String {
    match description(value) {
        Some(description) => format!("{}: {description}", kind(value)),
        None => kind(value),
    }
}

/// The type of a value in a few words.
fn kind(value: &Value) -> String {
    if let Some(name) = value.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next()) {
        return format!("[{name}](#{})", name.to_lowercase());
    }
    if let Some(choices) = value.get("anyOf").and_then(Value::as_array) {
        let kinds: Vec<_> = choices.iter().map(kind).filter(|kind| kind != "null").collect();
        return kinds.join(" or ");
    }
    if let Some(choices) = value.get("enum").and_then(Value::as_array) {
        let values: Vec<_> = choices.iter().map(|choice| format!("`{choice}`")).collect();
        return values.join(", ");
    }
    let plain = |kind: &str| match kind {
        "array" => value.get("items").map_or("a list".to_owned(), |items| match self::kind(items).as_str() {
            "a number" => "a list of numbers".to_owned(),
            "text" => "a list of texts".to_owned(),
            kind => format!("a list of {kind}"),
        }),
        "boolean" => "true or false".to_owned(),
        "integer" => "a number".to_owned(),
        "object" => value
            .get("additionalProperties")
            .filter(|entry| entry.is_object())
            .map_or("an object".to_owned(), |entry| format!("an object of {} by name", self::kind(entry))),
        "string" => "text".to_owned(),
        other => other.to_owned(),
    };
    match value.get("type") {
        Some(Value::String(kind)) => plain(kind),
        Some(Value::Array(kinds)) => {
            let kinds = kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null");
            kinds.map(plain).collect::<Vec<_>>().join(" or ")
        }
        _ => "anything".to_owned(),
    }
}
