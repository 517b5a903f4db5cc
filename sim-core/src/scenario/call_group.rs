//! Groups of calls: an enum whose variants are read and written by their keys in the format.

/// Makes an enum of calls with one argument type each; a row is the variant, the key, and the type.
macro_rules! call_group {
    ($(#[$attribute:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident $key:literal $arguments:ty;)* }) => {
        $(#[$attribute])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$doc])* $variant($arguments),)*
        }

        impl $name {
            /// The keys of these calls in the format.
            pub const NAMES: &'static [&'static str] = &[$($key),*];

            /// The call's key in the format.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$variant(_) => $key,)* }
            }

            pub(in crate::scenario) fn next_value<'de, A: serde::de::MapAccess<'de>>(
                name: &str,
                map: &mut A,
            ) -> Result<Option<Self>, A::Error> {
                Ok(Some(match name {
                    $($key => Self::$variant(map.next_value()?),)*
                    _ => return Ok(None),
                }))
            }

            pub(in crate::scenario) fn serialize_into<M: serde::ser::SerializeMap>(
                &self,
                map: &mut M,
            ) -> Result<(), M::Error> {
                match self { $(Self::$variant(arguments) => map.serialize_entry($key, arguments),)* }
            }

            #[cfg(feature = "schema")]
            pub(in crate::scenario) fn schemas(
                generator: &mut schemars::SchemaGenerator,
            ) -> alloc::vec::Vec<(&'static str, schemars::Schema)> {
                alloc::vec![$(($key, generator.subschema_for::<$arguments>())),*]
            }
        }
    };
}
pub(super) use call_group;
