//! Readers of single fields that take any type and never fail.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A text that is borrowed from the document where it can be.
pub type Cow<'a> = std::borrow::Cow<'a, str>;

struct TextVisitor;

/// Visitor methods for values that are not wanted: they are read over and give `$nothing`.
macro_rules! nothing {
    ($nothing:expr; $($kind:ident),*) => { $(nothing!(@ $kind $nothing);)* };
    (@ unit $nothing:expr) => {
        fn visit_unit<E>(self) -> Result<Self::Value, E> { Ok($nothing) }
    };
    (@ bool $nothing:expr) => {
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> { Ok($nothing) }
    };
    (@ numbers $nothing:expr) => {
        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> { Ok($nothing) }
        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> { Ok($nothing) }
        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> { Ok($nothing) }
    };
    (@ str $nothing:expr) => {
        fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> { Ok($nothing) }
    };
    (@ seq $nothing:expr) => {
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            Ok($nothing)
        }
    };
    (@ map $nothing:expr) => {
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok($nothing)
        }
    };
}
pub(super) use nothing;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Cow<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Cow::Owned(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Cow::Owned(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        // Large fractions are timestamps, and those have six digits.
        Ok(Cow::Owned(if number.abs() < 1e8 { number.to_string() } else { format!("{number:.6}") }))
    }

    nothing!(Cow::Borrowed(""); unit, bool, seq, map);
}

/// Reads a text; numbers become their digits, anything else the empty text.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    deserializer.deserialize_any(TextVisitor).map(Cow::into_owned)
}

struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer).map(Self)
    }
}

struct TextsVisitor;

impl<'de> Visitor<'de> for TextsVisitor {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of texts")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Text(item)) = seq.next_element()? {
            if !item.is_empty() {
                items.push(item);
            }
        }
        Ok(items)
    }

    nothing!(Vec::new(); unit, bool, numbers, str, map);
}

/// Reads a list of texts; what is none is left out, anything else is the empty list.
pub fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    deserializer.deserialize_any(TextsVisitor)
}

/// Reads a text like [`text()`], without copying it where it has no escapes.
pub fn cow<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cow<'de>, D::Error> {
    deserializer.deserialize_any(TextVisitor)
}

/// Reads a whole number, also from its digits; anything else is 0.
pub fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let text = deserializer.deserialize_any(TextVisitor)?;
    let whole = text.split('.').next().unwrap_or_default();
    Ok(whole.parse().unwrap_or(0))
}

/// Reads a flag; anything but `true`, `"true"` and 1 is `false`.
pub fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    struct FlagVisitor;
    impl<'de> Visitor<'de> for FlagVisitor {
        type Value = bool;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a flag")
        }

        fn visit_bool<E>(self, value: bool) -> Result<bool, E> {
            Ok(value)
        }

        fn visit_str<E>(self, text: &str) -> Result<bool, E> {
            Ok(matches!(text, "true" | "1"))
        }

        fn visit_i64<E>(self, number: i64) -> Result<bool, E> {
            Ok(number == 1)
        }

        fn visit_u64<E>(self, number: u64) -> Result<bool, E> {
            Ok(number == 1)
        }

        fn visit_f64<E>(self, _: f64) -> Result<bool, E> {
            Ok(false)
        }

        nothing!(false; unit, seq, map);
    }
    deserializer.deserialize_any(FlagVisitor)
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Some)
    }

    nothing!(None; unit, bool, numbers, str, seq);
}

/// Reads an object; `None` for anything else.
pub fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    deserializer.deserialize_any(ObjectVisitor(PhantomData))
}

struct Object<T>(Option<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        object(deserializer).map(Self)
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned + Default> Visitor<'de> for ListVisitor<T> {
    type Value = Option<Vec<T>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Object(item)) = seq.next_element::<Object<T>>()? {
            // An entry that is no object keeps its place, so that the reader knows that something is missing.
            items.push(item.unwrap_or_default());
        }
        Ok(Some(items))
    }

    nothing!(None; unit, bool, numbers, str, map);
}

struct Number(i64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        number(deserializer).map(Self)
    }
}

struct NumbersVisitor;

impl<'de> Visitor<'de> for NumbersVisitor {
    type Value = Vec<i64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of numbers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut numbers = Vec::new();
        while let Some(Number(number)) = seq.next_element()? {
            numbers.push(number);
        }
        Ok(numbers)
    }

    nothing!(Vec::new(); unit, bool, numbers, str, map);
}

/// Reads a list of whole numbers, each as [`number()`] does; anything else is an empty one.
pub fn numbers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<i64>, D::Error> {
    deserializer.deserialize_any(NumbersVisitor)
}

/// Reads a list of objects; `None` if it is no list.
pub fn list<'de, D, T>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + Default,
{
    deserializer.deserialize_any(ListVisitor(PhantomData))
}
