//! One SQL text for both engines, and the values that go into it.

use std::time::Duration;

use jiff::civil::Date;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, FromRow};
use uuid::Uuid;
use vitarad_actors::domain::ids::{
    AppointmentNo, CallId, ClinicId, EffectId, Fence, Generation, IntentId, ProviderNo, ToolCallId,
};
use vitarad_actors::domain::time::{Minute, Ts};

/// A statement. The two texts are the same but where the engines truly differ.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sql {
    pub lite: &'static str,
    pub pg: &'static str,
}

pub(super) const fn both(text: &'static str) -> Sql {
    Sql { lite: text, pg: text }
}

pub(super) const fn each(lite: &'static str, pg: &'static str) -> Sql {
    Sql { lite, pg }
}

/// A row that both engines can give.
pub(super) trait Record:
    for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{
}

impl<T> Record for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

/// A value for a placeholder.
#[derive(Clone)]
pub(super) enum Arg<'a> {
    Number(Option<i64>),
    Text(Option<&'a str>),
    Written(String),
    Bytes(Option<&'a [u8]>),
    Id(Option<Uuid>),
}

/// The values of a statement, in the order of its placeholders.
macro_rules! args {
    ($($value:expr),* $(,)?) => { &[$($crate::store::sql::Arg::from($value)),*] };
}
pub(super) use args;

pub(super) fn lite(args: &[Arg<'_>]) -> Result<SqliteArguments, sqlx::Error> {
    bound(args)
}

pub(super) fn pg(args: &[Arg<'_>]) -> Result<PgArguments, sqlx::Error> {
    bound(args)
}

fn bound<'a, A>(args: &[Arg<'a>]) -> Result<A, sqlx::Error>
where
    A: Arguments,
    Option<i64>: sqlx::Encode<'a, A::Database> + sqlx::Type<A::Database>,
    Option<&'a str>: sqlx::Encode<'a, A::Database> + sqlx::Type<A::Database>,
    Option<&'a [u8]>: sqlx::Encode<'a, A::Database> + sqlx::Type<A::Database>,
    String: sqlx::Encode<'a, A::Database> + sqlx::Type<A::Database>,
    Option<Uuid>: sqlx::Encode<'a, A::Database> + sqlx::Type<A::Database>,
{
    let mut arguments = A::default();
    for arg in args {
        match arg {
            Arg::Number(value) => arguments.add(*value),
            Arg::Text(value) => arguments.add(*value),
            Arg::Written(value) => arguments.add(value.clone()),
            Arg::Bytes(value) => arguments.add(*value),
            Arg::Id(value) => arguments.add(*value),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

macro_rules! arg_from {
    ($($from:ty => |$value:ident| $arg:expr;)+) => {
        $(impl<'a> From<$from> for Arg<'a> {
            fn from($value: $from) -> Self {
                $arg
            }
        })+
    };
}

arg_from! {
    i64 => |value| Self::Number(Some(value));
    u32 => |value| Self::Number(Some(value.into()));
    u64 => |value| Self::Number(Some(value.try_into().unwrap_or(i64::MAX)));
    Option<i64> => |value| Self::Number(value);
    Ts => |value| Self::Number(Some(value.0));
    Option<Ts> => |value| Self::Number(value.map(|ts| ts.0));
    Fence => |value| Self::Number(Some(value.0));
    Generation => |value| Self::Number(Some(value.0));
    Option<Generation> => |value| Self::Number(value.map(|generation| generation.0));
    Minute => |value| Self::Number(Some(value.get().into()));
    Option<AppointmentNo> => |value| Self::Number(value.map(|no| no.0.into()));
    Duration => |value| Self::Number(Some(micros(value)));
    Option<Duration> => |value| Self::Number(value.map(micros));
    Date => |value| Self::Written(value.to_string());
    IntentId => |value| Self::Id(Some(value.0));
    EffectId => |value| Self::Id(Some(value.0));
    &'a str => |value| Self::Text(Some(value));
    Option<&'a str> => |value| Self::Text(value);
    &'a String => |value| Self::Text(Some(value));
    &'a ClinicId => |value| Self::Text(Some(value.as_str()));
    &'a CallId => |value| Self::Text(Some(value.as_str()));
    Option<&'a CallId> => |value| Self::Text(value.map(CallId::as_str));
    &'a ToolCallId => |value| Self::Text(Some(value.as_str()));
    &'a ProviderNo => |value| Self::Text(Some(value.as_str()));
    &'a Vec<u8> => |value| Self::Bytes(Some(value));
    &'a [u8] => |value| Self::Bytes(Some(value));
    Option<&'a Vec<u8>> => |value| Self::Bytes(value.map(Vec::as_slice));
}

/// As long as the store counts it.
pub(super) fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}
