//! Pieces that several answers share.

use std::sync::Arc;

use hinny_core::{
    EventId, Organisation, PluginDigest, ScheduleId, SchedulerId, TaskHash, TaskId, TaskType,
    plugin::KeyFingerprint,
};
use serde::{Serialize, Serializer};
use utoipa::{PartialSchema, ToSchema, openapi};

/// A name or other text, shared with the domain: nothing is copied for an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text(Arc<str>);

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl PartialSchema for Text {
    fn schema() -> openapi::RefOr<openapi::Schema> {
        String::schema()
    }
}

impl ToSchema for Text {}

macro_rules! text_from {
    ($($name:ident),*) => {$(
        impl From<&$name> for Text {
            fn from(name: &$name) -> Self {
                Self(name.shared())
            }
        }
    )*};
}

text_from!(Organisation, SchedulerId, TaskHash, TaskType);

impl From<&KeyFingerprint> for Text {
    fn from(key: &KeyFingerprint) -> Self {
        Self(key.to_string().into())
    }
}

impl From<&PluginDigest> for Text {
    fn from(digest: &PluginDigest) -> Self {
        Self(digest.to_string().into())
    }
}

/// An identity, written in lower case with hyphens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Id(uuid::Uuid);

impl PartialSchema for Id {
    fn schema() -> openapi::RefOr<openapi::Schema> {
        text_in_format(openapi::KnownFormat::Uuid)
    }
}

impl ToSchema for Id {}

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! id_from {
    ($($name:ident),*) => {$(
        impl From<$name> for Id {
            fn from(id: $name) -> Self {
                Self(id.0)
            }
        }
    )*};
}

id_from!(TaskId, ScheduleId, EventId);

/// A moment, written as RFC 3339 in UTC with `Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Moment(hinny_core::Timestamp);

impl From<hinny_core::Timestamp> for Moment {
    fn from(moment: hinny_core::Timestamp) -> Self {
        Self(moment)
    }
}

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl PartialSchema for Moment {
    fn schema() -> openapi::RefOr<openapi::Schema> {
        text_in_format(openapi::KnownFormat::DateTime)
    }
}

fn text_in_format(format: openapi::KnownFormat) -> openapi::RefOr<openapi::Schema> {
    openapi::ObjectBuilder::new()
        .schema_type(openapi::schema::Type::String)
        .format(Some(openapi::SchemaFormat::KnownFormat(format)))
        .into()
}

impl ToSchema for Moment {}

/// Where a task is in its life.
#[derive(ToSchema)]
#[schema(as = TaskStatus, rename_all = "lowercase")]
#[expect(dead_code, reason = "it describes what `hinny_core::TaskStatus` is written as")]
pub(crate) enum StatusSchema {
    /// Made but not on the queue.
    Pending,
    /// On the queue.
    Queued,
    /// Handed to a worker.
    Dispatched,
    /// A worker has said that it started.
    Running,
    /// Done.
    Completed,
    /// Done, without success.
    Failed,
    /// Taken off the queue by a person or a scheduler.
    Cancelled,
}

/// A list that is not paged.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Results<T> {
    /// The entries.
    pub(crate) results: Vec<T>,
}

impl<T, D: Into<T>> FromIterator<D> for Results<T> {
    fn from_iter<I: IntoIterator<Item = D>>(items: I) -> Self {
        Self { results: items.into_iter().map(Into::into).collect() }
    }
}
