//! Pages of the list: the ids of one are one cached value, its rows the incidents' own. Made once for
//! all who want the same at the same moment, for in a storm that is everybody.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use watchfire_shared::filter::{Assignee, Filter, Test};
use watchfire_shared::page::{Sort, TOTAL_CAP};
use watchfire_shared::problem::{Code, FieldError};
use watchfire_shared::user::Role;

use super::incidents::sheets;
use super::{Caller, Error, Inner, Result};
use crate::cache::{Cache, Ending, Key, PageLookups, Shared, Sheet, Unread, cut_off, key};
use crate::clock;
use crate::store::installation::Moment;
use crate::store::listing::{self, IdPage, Place, Query};
use crate::store::{Db, StoreError};

/// A page of the list, as it was asked for.
#[derive(Debug, Clone, Default)]
pub struct IncidentQuery {
    pub filter: Filter,
    pub sort: Sort,
    /// 1 to 200; checked where it is parsed.
    pub limit: u32,
    pub cursor: Option<String>,
}

/// Pages under way, by what tells a page from others and by the epoch of those who want it.
pub type Pages = Shared<(Arc<str>, i64), Made>;

/// What came of making a page, and of which lookups.
#[derive(Clone)]
pub struct Made {
    /// As it is sent; in its shape a [`watchfire_shared::page::IncidentPage`].
    json: Result<Bytes, Unread>,
    lookups: Arc<PageLookups>,
}

impl Ending for Made {
    fn is_answer(&self) -> bool {
        self.json.is_ok()
    }
}

/// What a page ends with.
#[derive(Serialize)]
struct End {
    next_cursor: Option<String>,
    total: i64,
    total_exact: bool,
}

/// What a cursor holds: it belongs to one filter and one order.
#[derive(Serialize, Deserialize)]
struct Cursor {
    after: Place,
    list: String,
}

/// What it takes to make a page.
#[derive(Clone)]
struct Maker {
    db: Db,
    cache: Cache,
    moment: Moment,
    query: Query,
    list: String,
}

impl Inner {
    /// A page as JSON.
    pub async fn incidents(&self, caller: &Caller, asked: IncidentQuery) -> Result<Bytes> {
        caller.require(Role::Viewer)?;
        let filter = match caller.user_id() {
            Some(me) => asked.filter.for_user(me),
            None => asked.filter,
        };
        let list = format!("{}|{filter}", asked.sort);
        let after = asked.cursor.map(|cursor| read_cursor(&cursor, &list)).transpose()?;
        let now = clock::now();
        let query = Query { filter, sort: asked.sort, after, limit: asked.limit.into(), now };
        let (db, cache, moment) = (self.db.clone(), self.cache.clone(), caller.moment().clone());
        let maker = Maker { db, cache, moment, query, list };
        if key::depends_on_time(&maker.query) || names_somebody(&maker.query.filter) {
            return Ok(maker.make(None).await.json?);
        }
        let key = key::incident_list(&maker.query);
        let name = (key.list(), maker.moment.epoch);
        let make = move || {
            let (maker, key) = (maker.clone(), key.clone());
            async move { maker.make(Some(key)).await }
        };
        let (made, own) = self.pages.read(name, make).await.ok_or_else(cut_off)?;
        if !own {
            self.cache.count_page(&made.lookups);
            if made.json.is_ok() {
                self.cache.count_page_waited(&made.lookups);
            }
        }
        Ok(made.json?)
    }
}

impl Maker {
    /// Without a key nothing of the list is cached.
    async fn make(self, key: Option<Key<IdPage>>) -> Made {
        let (db, query) = (self.db.clone(), self.query);
        let load = move || {
            let (db, query) = (db.clone(), query.clone());
            async move { listing::page(&db, &query).await.map(Some) }
        };
        let (page, list) = match key {
            Some(key) => self.cache.look_up(&key, &self.moment, None, load).await,
            None => (load().await.map(|page| page.map(Arc::new)).map_err(Arc::new), None),
        };
        let absent = || StoreError::unreadable("a list page is never absent".to_owned());
        let page = match page.and_then(|page| page.ok_or_else(|| Arc::new(absent()))) {
            Ok(page) => page,
            Err(error) => {
                let lookups = Arc::new(PageLookups { list, rows: None });
                return Made { json: Err(error), lookups };
            }
        };
        let db = self.db;
        let rows = move |ids| sheets(db.clone(), ids);
        let (items, rows) = self.cache.sheets(page.ids.clone(), &self.moment, rows).await;
        let lookups = Arc::new(PageLookups { list, rows: Some(rows) });
        // What was deleted since the page was made is left out.
        let json = items.and_then(|items| {
            put_together(&items, &page, self.list)
                .map_err(|error| Arc::new(StoreError::unreadable(error.to_string())))
        });
        Made { json, lookups }
    }
}

fn put_together(items: &[Arc<Sheet>], page: &IdPage, list: String) -> serde_json::Result<Bytes> {
    let next = page.next.map(|after| Cursor { after, list });
    let end = End {
        next_cursor: next.as_ref().map(write_cursor).transpose()?,
        total: page.total.min(TOTAL_CAP),
        total_exact: page.total <= TOTAL_CAP,
    };
    written(items, &end).map(Bytes::from)
}

/// The rows are written already; they are only put together.
fn written(items: &[Arc<Sheet>], end: &End) -> serde_json::Result<Vec<u8>> {
    let rows: usize = items.iter().map(|sheet| sheet.row_len() + 1).sum();
    let mut json = Vec::with_capacity(rows + 256);
    json.extend_from_slice(b"{\"items\":[");
    for (at, sheet) in items.iter().enumerate() {
        if at > 0 {
            json.push(b',');
        }
        sheet.write_row(&mut json);
    }
    json.extend_from_slice(b"],");
    // What follows is an object: its members without its first brace.
    let members = json.len();
    serde_json::to_writer(&mut json, end)?;
    json.remove(members);
    Ok(json)
}

/// A person's name may change without any incident changing: such a page is not kept.
fn names_somebody(filter: &Filter) -> bool {
    filter.terms().iter().any(|term| matches!(term.test, Test::Assignee(Assignee::Named(_))))
}

fn write_cursor(cursor: &Cursor) -> serde_json::Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(cursor)?))
}

fn read_cursor(text: &str, list: &str) -> Result<Place> {
    let refused = || Error::Refused {
        code: Code::InvalidCursor,
        detail: "The cursor belongs to another filter or order; start at the first page."
            .to_owned(),
        errors: vec![FieldError::new("cursor", "does not belong to this list")],
    };
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| refused())?;
    let cursor: Cursor = serde_json::from_slice(&bytes).map_err(|_| refused())?;
    if cursor.list == list { Ok(cursor.after) } else { Err(refused()) }
}
