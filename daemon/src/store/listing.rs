//! Pages of incidents: a filter and an order compiled to one statement that answers ids only.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{QueryBuilder, Row as _};
use uuid::Uuid;
use watchfire_shared::filter::{Assignee, Comparison, Filter, Test};
use watchfire_shared::ids::{IncidentId, Reference, UserId};
use watchfire_shared::page::{Sort, SortKey, TOTAL_CAP};

use super::{Db, Engine, Result, on};

/// Where a page begins: behind this key and id.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Place {
    /// The sort key as a number: microseconds, rank, bits of the score, reference.
    pub key: i64,
    pub id: IncidentId,
}

/// A statement as text and values in turn, before the engine is known: outside values can only
/// become binds.
#[derive(Default)]
struct Pieces(Vec<Piece>);

enum Piece {
    Sql(&'static str),
    Bind(Value),
}

enum Value {
    Id(Uuid),
    Int(i64),
    Float(f64),
    Text(String),
    Time(DateTime<Utc>),
}

impl Pieces {
    fn sql(&mut self, text: &'static str) -> &mut Self {
        self.0.push(Piece::Sql(text));
        self
    }

    fn bind(&mut self, value: Value) -> &mut Self {
        self.0.push(Piece::Bind(value));
        self
    }
}

/// Pieces to a builder of whichever engine the surroundings want.
macro_rules! build {
    ($pieces:expr) => {{
        let mut sql = QueryBuilder::default();
        for piece in $pieces.0 {
            match piece {
                Piece::Sql(text) => sql.push(text),
                Piece::Bind(Value::Id(id)) => sql.push_bind(id),
                Piece::Bind(Value::Int(number)) => sql.push_bind(number),
                Piece::Bind(Value::Float(number)) => sql.push_bind(number),
                Piece::Bind(Value::Text(text)) => sql.push_bind(text),
                Piece::Bind(Value::Time(time)) => sql.push_bind(time),
            };
        }
        sql
    }};
}

#[derive(Debug, Clone)]
pub struct Query {
    /// `me` is resolved already.
    pub filter: Filter,
    pub sort: Sort,
    pub after: Option<Place>,
    pub limit: i64,
    /// What ages are measured from.
    pub now: DateTime<Utc>,
}

/// Ids of a page in order, where the next one begins, and how many match in all.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct IdPage {
    pub ids: Vec<IncidentId>,
    pub next: Option<Place>,
    /// Counted up to [`TOTAL_CAP`] + 1.
    pub total: i64,
}

/// One statement, whatever the filter; a second one only where a page past the end is empty.
pub async fn page(db: &Db, query: &Query) -> Result<IdPage> {
    let mut pieces = Pieces::default();
    pieces.sql("select i.id, ").sql(column(query.sort.by)).sql(" as key, (");
    count(&mut pieces, db, query);
    pieces.sql(") as total from incidents i where ");
    filter(&mut pieces, db, query);
    if let Some(place) = query.after {
        pieces.sql(" and (").sql(column(query.sort.by)).sql(", i.id) ");
        pieces.sql(if query.sort.reversed { "> (" } else { "< (" });
        pieces.bind(key_value(query.sort.by, place.key)).sql(", ");
        pieces.bind(Value::Id(place.id.0)).sql(")");
    }
    let direction = if query.sort.reversed { " asc" } else { " desc" };
    pieces.sql(" order by ").sql(column(query.sort.by)).sql(direction);
    pieces.sql(", i.id").sql(direction).sql(" limit ").bind(Value::Int(query.limit + 1));
    let mut rows: Vec<(Place, i64)> = on!(db.reads(), |pool| {
        let mut sql = build!(pieces);
        let rows = sql.build().fetch_all(pool).await?;
        let read = rows.iter().map(|row| {
            let id = IncidentId(row.try_get("id")?);
            let key = match query.sort.by {
                SortKey::Created | SortKey::Updated => {
                    row.try_get::<DateTime<Utc>, _>("key")?.timestamp_micros()
                }
                SortKey::Priority => row.try_get::<i16, _>("key")?.into(),
                SortKey::Score => row.try_get::<f64, _>("key")?.to_bits().cast_signed(),
                SortKey::Reference => row.try_get("key")?,
            };
            Ok((Place { key, id }, row.try_get("total")?))
        });
        read.collect::<Result<_, sqlx::Error>>()?
    });
    let more = i64::try_from(rows.len()).is_ok_and(|n| n > query.limit);
    rows.truncate(usize::try_from(query.limit).unwrap_or(usize::MAX));
    let total = match rows.first() {
        Some((_, total)) => *total,
        None => total(db, query).await?,
    };
    Ok(IdPage {
        next: more.then(|| rows.last().map(|(place, _)| *place)).flatten(),
        ids: rows.into_iter().map(|(place, _)| place.id).collect(),
        total,
    })
}

async fn total(db: &Db, query: &Query) -> Result<i64> {
    let mut pieces = Pieces::default();
    count(&mut pieces, db, query);
    Ok(on!(db.reads(), |pool| build!(pieces).build_query_scalar().fetch_one(pool).await)?)
}

const fn column(key: SortKey) -> &'static str {
    match key {
        SortKey::Created => "i.created_at",
        SortKey::Updated => "i.updated_at",
        SortKey::Priority => "i.priority",
        SortKey::Score => "i.score",
        SortKey::Reference => "i.number",
    }
}

fn key_value(by: SortKey, key: i64) -> Value {
    match by {
        SortKey::Created | SortKey::Updated => {
            Value::Time(DateTime::from_timestamp_micros(key).unwrap_or_default())
        }
        SortKey::Score => Value::Float(f64::from_bits(key.cast_unsigned())),
        SortKey::Priority | SortKey::Reference => Value::Int(key),
    }
}

fn count(pieces: &mut Pieces, db: &Db, query: &Query) {
    pieces.sql("select count(*) from (select 1 as one from incidents i where ");
    filter(pieces, db, query);
    pieces.sql(" limit ").bind(Value::Int(TOTAL_CAP + 1)).sql(") counted");
}

/// Alternatives of one field in brackets, all fields joined by `and`, negations each on its own.
fn filter(pieces: &mut Pieces, db: &Db, query: &Query) {
    pieces.sql("1 = 1");
    let (negated, positive): (Vec<_>, Vec<_>) =
        query.filter.terms().iter().partition(|term| term.negated);
    for term in negated {
        pieces.sql(" and not (");
        test(pieces, db, query, &term.test);
        pieces.sql(")");
    }
    let alternatives = |a: &Test, b: &Test| {
        matches!(
            (a, b),
            (Test::Status(_), Test::Status(_))
                | (Test::Assignee(_), Test::Assignee(_))
                | (Test::Service(_), Test::Service(_))
                | (Test::Priority(Comparison::Equal, _), Test::Priority(Comparison::Equal, _))
        )
    };
    for group in positive.chunk_by(|a, b| alternatives(&a.test, &b.test)) {
        pieces.sql(" and (");
        for (n, term) in group.iter().enumerate() {
            if n > 0 {
                pieces.sql(" or ");
            }
            test(pieces, db, query, &term.test);
        }
        pieces.sql(")");
    }
}

fn test(pieces: &mut Pieces, db: &Db, query: &Query, test: &Test) {
    match test {
        Test::Status(status) => {
            pieces.sql("i.status = ").bind(Value::Text(status.as_str().to_owned()));
        }
        Test::Priority(comparison, priority) => {
            pieces.sql("i.priority ").sql(operator(*comparison));
            pieces.bind(Value::Int(priority.rank().into()));
        }
        // `is not distinct from` keeps the negation right where nobody is assigned.
        Test::Assignee(Assignee::Nobody) => {
            pieces.sql("i.assigned_to is null");
        }
        // Resolved before it comes here; a caller that is nobody matches nothing.
        Test::Assignee(Assignee::Me) => {
            pieces.sql("1 = 0");
        }
        Test::Assignee(Assignee::Id(UserId(id))) => {
            pieces.sql("coalesce(i.assigned_to = ").bind(Value::Id(*id)).sql(", false)");
        }
        Test::Assignee(Assignee::Named(name)) => {
            pieces
                .sql("coalesce(i.assigned_to in (select id from users where lower(name) = lower(");
            pieces.bind(Value::Text(name.clone())).sql(")), false)");
        }
        Test::Service(service) => {
            pieces.sql("i.service = ").bind(Value::Text(service.clone()));
        }
        Test::Label { name, value } => {
            pieces.sql("exists (select 1 from incident_labels l where l.incident_id = i.id");
            pieces.sql(" and l.name = ").bind(Value::Text(name.clone()));
            pieces.sql(" and l.value = ").bind(Value::Text(value.clone())).sql(")");
        }
        Test::Age(comparison, seconds) => {
            let born = query.now - TimeDelta::seconds(*seconds);
            pieces.sql("i.created_at ").sql(operator(reverse(*comparison)));
            pieces.bind(Value::Time(born));
        }
        Test::Word(word) => match word.parse::<Reference>() {
            Ok(Reference(number)) => {
                pieces.sql("i.number = ").bind(Value::Int(number)).sql(" or ");
                word_test(pieces, db, word);
            }
            Err(_) => word_test(pieces, db, word),
        },
    }
}

/// Prefix search in title, description, service and labels. ASCII punctuation ends a word in the
/// index of both engines, so a word that holds some is a phrase: `db-1` finds `db-1.example`.
fn word_test(pieces: &mut Pieces, db: &Db, word: &str) {
    let phrase: Vec<&str> = word
        .split(|c: char| c.is_ascii_punctuation())
        .filter(|part| part.chars().any(char::is_alphanumeric))
        .collect();
    if phrase.is_empty() {
        pieces.sql("1 = 0");
        return;
    }
    match db.reads() {
        Engine::Postgres(_) => {
            let phrase = format!("'{}':*", phrase.join("' <-> '"));
            pieces.sql("i.words @@ to_tsquery('simple', ").bind(Value::Text(phrase)).sql(")");
        }
        Engine::Sqlite(_) => {
            let phrase = format!("\"{}\"*", phrase.join(" "));
            pieces.sql("i.number in (select rowid from incident_words where incident_words match ");
            pieces.bind(Value::Text(phrase)).sql(")");
        }
    }
}

const fn operator(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Less => "< ",
        Comparison::AtMost => "<= ",
        Comparison::Equal => "= ",
        Comparison::AtLeast => ">= ",
        Comparison::Greater => "> ",
    }
}

/// Younger than two hours is created later than two hours ago.
const fn reverse(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Less => Comparison::Greater,
        Comparison::AtMost => Comparison::AtLeast,
        Comparison::Equal => Comparison::Equal,
        Comparison::AtLeast => Comparison::AtMost,
        Comparison::Greater => Comparison::Less,
    }
}
