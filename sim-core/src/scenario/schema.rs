use alloc::borrow::Cow;
use alloc::vec::Vec;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::expect::{ActionText, ErrnoText, RuleText};
use super::filter::FLAG_NAMES;
use super::seccomp_call::Long;
use super::step::{BindArguments, NoArguments, call_names};
use super::values::{CapsEntry, FourIds, LimitText, ModeText, ReleaseText, SecurebitsText, SetText};
use super::{
    CapsetCall, CloneCall, EngineName, EngineText, Expect, FileChange, FilterEntry, FlagText, NativeName,
    PathOperation, PrctlCall, ProcessOperation, Scenario, SeccompCall, Step, SyscallCall, SystemOperation,
    VersionText, WriteMapCall,
};
use crate::calls::{AmbientOperation, PrctlOption};
use crate::credentials::Securebits;
use crate::engine::Engine;
use crate::rule::Rule;
use crate::seccomp::Action;
use crate::seccomp::syscalls::Abi;

/// The JSON Schema of the scenario format, made from the types that read it.
pub fn json_schema() -> Schema {
    let mut schema = schemars::schema_for!(Scenario);
    schema.insert("title".into(), "An eperm scenario".into());
    schema.insert("description".into(), "A world, the steps taken in it, and what is expected of them.".into());
    schema
}

/// The schema of an id.
pub(super) fn id(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "integer", "minimum": 0, "maximum": 4_294_967_294_u32 })
}

/// The schema of a list of ids.
pub(super) fn ids(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "array", "items": id(generator) })
}

/// The schema of a call alone.
pub(super) fn call(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object", "minProperties": 1, "maxProperties": 1 })
}

/// The schema of an absolute path.
pub(super) fn absolute_path(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "pattern": "^/" })
}

/// The schema of an id as an argument of a call.
pub(super) fn id_argument(_: &mut SchemaGenerator) -> Schema {
    argument()
}

/// The schema of an id as an argument of a call: -1 is one.
fn argument() -> Schema {
    json_schema!({ "type": "integer", "minimum": -2_147_483_648_i64, "maximum": 4_294_967_295_u32 })
}

/// The schema of an id as an argument of an operation.
pub(super) fn argument_of(_: &mut SchemaGenerator) -> Schema {
    argument()
}

/// The schema of a setting from `least` to `greatest`.
macro_rules! setting {
    ($($name:ident $least:literal $greatest:literal;)*) => {
        $(pub(super) fn $name(_: &mut SchemaGenerator) -> Schema {
            json_schema!({ "type": "integer", "minimum": $least, "maximum": $greatest })
        })*
    };
}

setting! {
    up_to_1 0 1;
    up_to_2 0 2;
    minus_1_up_to_2 -1 2;
    open_files 8 2_147_483_584;
}

/// Two groups that `net.ipv4.ping_group_range` can have.
pub(super) fn group_range(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "items": { "type": "integer", "minimum": 0, "maximum": 2_147_483_647 },
        "minItems": 2,
        "maxItems": 2
    })
}

fn arguments(count: usize) -> Schema {
    json_schema!({ "type": "array", "items": argument(), "minItems": count, "maxItems": count })
}

/// Implements [`JsonSchema`] for a notation that is read by hand.
macro_rules! schema {
    ($type:ty, $name:literal, |$generator:ident| $schema:expr) => {
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema($generator: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    };
}

schema!(LimitText, "Limit", |_generator| json_schema!({
    "oneOf": [{ "type": "integer", "minimum": 0, "maximum": u64::MAX }, { "const": "RLIM_INFINITY" }]
}));

schema!(EngineText, "Engine", |_generator| json_schema!({
    "enum": Engine::ALL.map(Engine::name),
    "description": "An engine, a runtime alone, or systemd."
}));

schema!(VersionText, "Version", |_generator| json_schema!({
    "type": "string",
    "pattern": r"^v?\d+(\.\d+){0,2}",
    "description": "A version of an engine, as \"20.10.14\"; numbers that are left out are 0."
}));

schema!(ReleaseText, "Release", |_generator| json_schema!({
    "type": "string",
    "pattern": r"^\d+\.\d+$",
    "description": "A kernel release, MAJOR.MINOR, from 4.14 on."
}));

schema!(SetText, "Set", |_generator| json_schema!({
    "description": "A set of capabilities: \"all\", \"none\", 16 hexadecimal digits (or 0x and fewer), or names.",
    "anyOf": [
        { "type": "string", "pattern": "^([0-9A-Fa-f]{16}|0[xX][0-9A-Fa-f]{1,16}|[A-Za-z_]+( *, *[A-Za-z_]+)*)$" },
        { "type": "array", "items": { "type": "string" } }
    ]
}));

schema!(FourIds, "Ids", |generator| json_schema!({
    "description": "One id, or four: real, effective, saved, filesystem.",
    "anyOf": [
        id(generator),
        { "type": "array", "items": id(generator), "minItems": 4, "maxItems": 4 }
    ]
}));

schema!(SecurebitsText, "Securebits", |_generator| json_schema!({
    "description": "Securebits: a number, or a list of names.",
    "anyOf": [
        { "type": "integer", "minimum": 0, "maximum": 0xfff },
        {
            "type": "array",
            "items": { "enum": Securebits::all_names().map(|(_, name)| name).collect::<Vec<_>>() }
        }
    ]
}));

schema!(ModeText, "Mode", |_generator| json_schema!({
    "type": "string",
    "pattern": "^0?[0-7]{1,4}$",
    "description": "A mode in octal digits."
}));

schema!(CapsEntry, "FileCapabilities", |generator| {
    let set = generator.subschema_for::<SetText>();
    json_schema!({
        "description": "security.capability: as given to setcap, field by field, or byte by byte.",
        "anyOf": [
            { "type": "string" },
            {
                "type": "object",
                "properties": {
                    "revision": { "type": "integer", "minimum": 1, "maximum": 3 },
                    "permitted": set,
                    "inheritable": set,
                    "effective": { "type": "boolean" },
                    "rootid": id(generator)
                },
                "additionalProperties": false
            },
            {
                "type": "object",
                "properties": { "bytes": { "type": "string", "pattern": "^([0-9A-Fa-f]{2})*$" } },
                "required": ["bytes"],
                "additionalProperties": false
            }
        ]
    })
});

schema!(PrctlCall, "Prctl", |_generator| {
    let options: Vec<_> = PrctlOption::ALL.iter().map(|option| option.name()).collect();
    let operations: Vec<_> = AmbientOperation::ALL.iter().map(|operation| operation.name()).collect();
    json_schema!({
        "description": "The option of prctl(2) and up to four arguments.",
        "type": "array",
        "prefixItems": [{ "enum": options }],
        "items": {
            "anyOf": [
                { "type": "integer" },
                { "enum": operations },
                { "type": "string", "description": "The name of a capability." },
                { "type": "array", "items": { "type": "string" }, "description": "Names of securebits." }
            ]
        },
        "minItems": 1,
        "maxItems": 5
    })
});

schema!(ErrnoText, "Errno", |_generator| json_schema!({
    "type": "string",
    "pattern": "^(E[0-9A-Z]+|[1-9][0-9]{0,3})$",
    "description": "The name of an errno; its number if it has none."
}));

schema!(ActionText, "Action", |_generator| json_schema!({
    "enum": Action::ALL.iter().filter_map(|action| action.profile_name()).collect::<Vec<_>>(),
    "description": "An action by its name in profiles."
}));

schema!(RuleText, "RuleId", |_generator| json_schema!({
    "enum": Rule::all().map(|rule| rule.id).collect::<Vec<_>>(),
    "description": "The id of a rule."
}));

schema!(FilterEntry, "Filter", |generator| {
    let (engine, native) = (generator.subschema_for::<EngineName>(), generator.subschema_for::<NativeName>());
    json_schema!({
        "description": "A filter of system calls: what an engine makes of a profile, or instructions.",
        "anyOf": [
            {
                "type": "object",
                "properties": {
                    "profile": { "type": "object", "description": "An OCI or Docker profile." },
                    "engine": engine,
                    "native": native
                },
                "required": ["profile"],
                "additionalProperties": false
            },
            {
                "type": "object",
                "properties": {
                    "bpf": {
                        "type": "string",
                        "pattern": "^([0-9A-Fa-f]{16})*$",
                        "description": "struct sock_filter records in hexadecimal digits, little-endian."
                    }
                },
                "required": ["bpf"],
                "additionalProperties": false
            }
        ]
    })
});

schema!(NativeName, "Architecture", |_generator| json_schema!({
    "enum": Abi::ALL.iter().map(|abi| abi.name()).collect::<Vec<_>>(),
    "description": "An architecture, as libseccomp calls it."
}));

schema!(FlagText, "SeccompFlag", |_generator| json_schema!({
    "anyOf": [
        { "enum": FLAG_NAMES.iter().map(|(name, _)| *name).collect::<Vec<_>>() },
        { "type": "integer", "minimum": 0, "maximum": u32::MAX }
    ]
}));

schema!(Long, "Long", |_generator| json_schema!({
    "anyOf": [
        { "type": "integer", "minimum": 0, "maximum": u64::MAX },
        { "type": "string", "pattern": "^0x[0-9A-Fa-f]{1,16}$" }
    ]
}));

schema!(Step, "Step", |generator| {
    let calls: Vec<_> = call_names().map(|call| json_schema!({ "required": [call] })).collect();
    let operations = [
        FileChange::schemas(generator),
        ProcessOperation::schemas(generator),
        PathOperation::schemas(generator),
        SystemOperation::schemas(generator),
    ];
    let mut schema = json_schema!({
        "description": "Exactly one call, and what is expected of it.",
        "type": "object",
        "properties": {
            "execve": { "type": "string", "description": "A path of `files`." },
            "setuid": argument(),
            "setgid": argument(),
            "setfsuid": argument(),
            "setfsgid": argument(),
            "setreuid": arguments(2),
            "setregid": arguments(2),
            "setresuid": arguments(3),
            "setresgid": arguments(3),
            "setgroups": { "type": "array", "items": argument(), "maxItems": 65536 },
            "capget": generator.subschema_for::<NoArguments>(),
            "capset": generator.subschema_for::<CapsetCall>(),
            "prctl": generator.subschema_for::<PrctlCall>(),
            "unshare": generator.subschema_for::<CloneCall>(),
            "clone": generator.subschema_for::<CloneCall>(),
            "setns": { "type": "string", "description": "The name of a user namespace." },
            "write_map": generator.subschema_for::<WriteMapCall>(),
            "bind": generator.subschema_for::<BindArguments>(),
            "seccomp": generator.subschema_for::<SeccompCall>(),
            "syscall": generator.subschema_for::<SyscallCall>(),
            "expect": generator.subschema_for::<Expect>(),
            "note": { "type": "string" }
        },
        "additionalProperties": false,
        "oneOf": calls
    });
    if let Some(properties) = schema.get_mut("properties").and_then(|properties| properties.as_object_mut()) {
        for (name, operation) in operations.into_iter().flatten() {
            properties.insert(name.into(), operation.into());
        }
    }
    schema
});
