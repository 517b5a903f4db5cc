use alloc::vec::{IntoIter, Vec};

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::value::RawValue;

use super::node::Member;
use super::{Error, Node};

/// The elements of an array, one after another.
pub(super) struct Elements<'a, 'n> {
    array: &'n Node<'a, 'n>,
    next: usize,
    rest: IntoIter<&'a RawValue>,
}

/// The members of an object, one after another.
pub(super) struct Members<'a, 'n> {
    object: &'n Node<'a, 'n>,
    member: Option<Member<'a>>,
    rest: IntoIter<Member<'a>>,
}

/// A key, or the name of a variant.
pub(super) struct Name<'n>(pub(super) &'n str);

impl<'a, 'n> Elements<'a, 'n> {
    pub(super) fn new(array: &'n Node<'a, 'n>, elements: Vec<&'a RawValue>) -> Self {
        Self { array, next: 0, rest: elements.into_iter() }
    }
}

impl<'a, 'n> Members<'a, 'n> {
    pub(super) fn new(object: &'n Node<'a, 'n>, members: Vec<Member<'a>>) -> Self {
        Self { object, member: None, rest: members.into_iter() }
    }
}

impl<'de> SeqAccess<'de> for Elements<'de, '_> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let Some(raw) = self.rest.next() else { return Ok(None) };
        let index = self.next;
        self.next += 1;
        self.array.element(index, raw).read_with(seed).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

impl<'de> MapAccess<'de> for Members<'de, '_> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        self.member = self.rest.next();
        let Some((key, raw)) = &self.member else { return Ok(None) };
        // An error about a key has the place of the value.
        seed.deserialize(Name(key)).map(Some).map_err(|error| self.object.member(key, raw).place(error))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        match &self.member {
            Some((key, raw)) => self.object.member(key, raw).read_with(seed),
            None => Err(Error::custom("a value is asked for before its key")),
        }
    }
}

impl<'de> Deserializer<'de> for Name<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.0)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> EnumAccess<'de> for Name<'_> {
    type Error = Error;
    type Variant = Unit;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Unit), Error> {
        seed.deserialize(self).map(|variant| (variant, Unit))
    }
}

/// A variant without values, the only kind that a string can name.
pub(super) struct Unit;

impl<'de> VariantAccess<'de> for Unit {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, _: S) -> Result<S::Value, Error> {
        Err(Error::custom("this variant has a value"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("this variant has values"))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, Error> {
        Err(Error::custom("this variant has values"))
    }
}
