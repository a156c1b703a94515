//! A field of a PATCH: absent, null, or set. JSON tells the three apart, and so do we.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Use with `#[serde(default, skip_serializing_if = "Field::is_absent")]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Field<T> {
    /// The key is not there: leave the value as it is.
    #[default]
    Absent,
    /// `null`: clear the value.
    Null,
    Set(T),
}

impl<T> Field<T> {
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The new value, where one was given.
    pub fn set(self) -> Option<T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    pub const fn as_ref(&self) -> Field<&T> {
        match self {
            Self::Absent => Field::Absent,
            Self::Null => Field::Null,
            Self::Set(value) => Field::Set(value),
        }
    }

    /// What was said, where anything was: `Some(None)` is an explicit null.
    pub fn said(self) -> Option<Option<T>> {
        match self {
            Self::Absent => None,
            Self::Null => Some(None),
            Self::Set(value) => Some(Some(value)),
        }
    }
}

impl<T> From<Option<T>> for Field<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Set)
    }
}

impl<T: Serialize> Serialize for Field<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent | Self::Null => serializer.serialize_none(),
            Self::Set(value) => serializer.serialize_some(value),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Patch {
        #[serde(default, skip_serializing_if = "Field::is_absent")]
        assignee: Field<String>,
    }

    #[test]
    fn absent_null_and_set_survive_the_wire() {
        for (json, assignee) in [
            ("{}", Field::Absent),
            (r#"{"assignee":null}"#, Field::Null),
            (r#"{"assignee":"dana"}"#, Field::Set("dana".to_owned())),
        ] {
            let patch: Patch = serde_json::from_str(json).expect(json);
            assert_eq!(patch, Patch { assignee });
            assert_eq!(serde_json::to_string(&patch).expect("serialises"), json);
        }
    }
}
