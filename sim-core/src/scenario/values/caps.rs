use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::{Serialize, Serializer};

use super::{SetText, from_text, id::optional_id};
use crate::capability::CapSet;
use crate::file::{Revision, VfsCaps, XattrError};
use crate::text::{HexBytes, parse_hex_bytes};

/// The longest value that an extended attribute can have (`XATTR_SIZE_MAX`).
const MAX_XATTR: usize = 65536;

/// `security.capability` in one of its three notations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CapsEntry {
    /// As given to setcap.
    Text(VfsCaps),
    /// Field by field.
    Object(FileCapsObject),
    /// Byte by byte; it need not be well formed.
    Bytes(Vec<u8>),
}

/// `security.capability` field by field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileCapsObject {
    /// The layout.
    pub revision: Revision,
    /// What is granted if the bounding set has it.
    pub permitted: SetText,
    /// What is granted if the inheritable set has it.
    pub inheritable: SetText,
    /// The effective flag.
    pub effective: bool,
}

impl CapsEntry {
    /// The attribute, as execve reads it, if `"all"` means `all`.
    pub fn resolve(&self, all: CapSet) -> Result<VfsCaps, XattrError> {
        match self {
            Self::Text(caps) => Ok(*caps),
            Self::Object(object) => {
                let FileCapsObject { revision, permitted, inheritable, effective } = *object;
                let caps = VfsCaps::new(permitted.resolve(all), inheritable.resolve(all), effective);
                Ok(VfsCaps { revision, ..caps })
            }
            Self::Bytes(bytes) => VfsCaps::from_bytes(bytes),
        }
    }

    /// The bytes of the attribute, if `"all"` means `all`.
    pub fn to_bytes(&self, all: CapSet) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes.clone(),
            Self::Text(caps) => caps.to_bytes(),
            Self::Object(_) => self.resolve(all).map(|caps| caps.to_bytes()).unwrap_or_default(),
        }
    }

    /// One text for all notations of the same attribute.
    pub(in crate::scenario) fn comparable(&self, all: CapSet) -> String {
        let canonical = match self.resolve(all) {
            Ok(caps) => Self::in_fields(caps),
            Err(_) => self.clone(),
        };
        serde_json::to_string(&canonical).unwrap_or_default()
    }

    /// The same with its sets in digits, if `"all"` means `all`.
    pub(in crate::scenario) fn in_digits(&self, all: CapSet) -> Self {
        match self {
            Self::Object(object) => Self::Object(FileCapsObject {
                permitted: object.permitted.resolve(all).into(),
                inheritable: object.inheritable.resolve(all).into(),
                ..*object
            }),
            other => other.clone(),
        }
    }

    /// The attribute field by field, for results; as bytes where fields cannot say it.
    pub(in crate::scenario) fn in_fields(caps: VfsCaps) -> Self {
        if caps.flags > 1 {
            return Self::Bytes(caps.to_bytes());
        }
        Self::Object(FileCapsObject {
            revision: caps.revision,
            permitted: caps.permitted.into(),
            inheritable: caps.inheritable.into(),
            effective: caps.effective(),
        })
    }

    /// The notation that says the same, for output.
    pub fn from_caps(caps: VfsCaps) -> Self {
        if caps.to_string().parse() == Ok(caps) {
            return Self::Text(caps);
        }
        Self::in_fields(caps)
    }
}

#[derive(Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct CapsFields {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bytes: Option<AttributeBytes>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revision: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    permitted: Option<SetText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    inheritable: Option<SetText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    effective: Option<bool>,
    #[serde(default, deserialize_with = "optional_id", skip_serializing_if = "Option::is_none")]
    rootid: Option<u32>,
}

impl CapsFields {
    fn into_entry(self) -> Result<CapsEntry, &'static str> {
        let Self { bytes, revision, permitted, inheritable, effective, rootid } = self;
        if let Some(AttributeBytes(bytes)) = bytes {
            let alone = revision.is_none()
                && permitted.is_none()
                && inheritable.is_none()
                && effective.is_none()
                && rootid.is_none();
            return if alone { Ok(CapsEntry::Bytes(bytes)) } else { Err("`bytes` stands alone") };
        }
        let none = SetText::Set(CapSet::EMPTY);
        let (permitted, inheritable) = (permitted.unwrap_or(none), inheritable.unwrap_or(none));
        let revision = match (revision.unwrap_or(2), rootid) {
            (1, None) => Revision::V1,
            (2, None) => Revision::V2,
            (3, Some(rootid)) => Revision::V3 { rootid },
            (3, None) => return Err("revision 3 needs a `rootid`"),
            (1 | 2, Some(_)) => return Err("only revision 3 has a `rootid`"),
            _ => return Err("revisions are 1, 2 and 3"),
        };
        let fits = |set| matches!(set, SetText::Set(set) if set.is_subset(CapSet::from_bits(u64::from(u32::MAX))));
        if revision == Revision::V1 && !(fits(permitted) && fits(inheritable)) {
            return Err("revision 1 holds capabilities 0 to 31 only");
        }
        let effective = effective.unwrap_or(false);
        Ok(CapsEntry::Object(FileCapsObject { revision, permitted, inheritable, effective }))
    }
}

impl Serialize for CapsEntry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = CapsFields {
            bytes: None,
            revision: None,
            permitted: None,
            inheritable: None,
            effective: None,
            rootid: None,
        };
        match self {
            Self::Text(caps) => return serializer.collect_str(caps),
            Self::Bytes(bytes) => fields.bytes = Some(AttributeBytes(bytes.clone())),
            Self::Object(object) => {
                fields.revision = Some(object.revision.number());
                fields.permitted = Some(object.permitted);
                fields.inheritable = Some(object.inheritable);
                fields.effective = Some(object.effective);
                if let Revision::V3 { rootid } = object.revision {
                    fields.rootid = Some(rootid);
                }
            }
        }
        fields.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CapsEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CapsVisitor;

        impl<'de> Visitor<'de> for CapsVisitor {
            type Value = CapsEntry;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("file capabilities: text as given to setcap, an object, or null")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<CapsEntry, E> {
                text.parse().map(CapsEntry::Text).map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<CapsEntry, A::Error> {
                let fields = CapsFields::deserialize(de::value::MapAccessDeserializer::new(map))?;
                fields.into_entry().map_err(de::Error::custom)
            }
        }

        deserializer.deserialize_any(CapsVisitor)
    }
}

struct AttributeBytes(Vec<u8>);

impl Serialize for AttributeBytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&HexBytes(&self.0))
    }
}

impl<'de> Deserialize<'de> for AttributeBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = from_text(deserializer, "bytes as hexadecimal digits", parse_hex_bytes)?;
        if bytes.len() > MAX_XATTR {
            let message = format_args!("an extended attribute has at most {MAX_XATTR} bytes");
            return Err(de::Error::custom(message));
        }
        Ok(Self(bytes))
    }
}
