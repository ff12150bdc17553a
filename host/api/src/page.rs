//! Lists, page by page.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use hinny_core::task::{Page, Window};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::{
    ApiLimits, ApiState,
    error::ApiError,
    input::{Fields, FromFields, Noted},
};

/// Entries on a page where no number is asked for.
const LIMIT_DEFAULT: u64 = 10;
/// Pages up to which a partial count goes where no number is asked for.
const MAX_PAGES_DEFAULT: u64 = 6;

/// Which part of a list.
#[derive(Debug, Clone, Copy, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// How many to pass over.
    #[param(required = false, default = 0)]
    offset: u64,
    /// How many to return; 0 only counts.
    #[param(required = false, default = 10)]
    limit: u64,
    /// Whether `count` may stop a few pages further on. Makes lists of millions fast.
    #[param(required = false, default = false)]
    allow_partial_count: bool,
    /// How many pages further on.
    #[param(required = false, default = 6)]
    max_pages: u64,
}

impl FromFields for PageQuery {
    fn read(fields: &mut Fields<'_, '_>) -> Result<Self, Noted> {
        let (offset, limit) = (fields.optional("offset"), fields.optional("limit"));
        let (partial, pages) =
            (fields.optional("allow_partial_count"), fields.optional("max_pages"));
        Ok(Self {
            offset: offset?.unwrap_or(0),
            limit: limit?.unwrap_or(LIMIT_DEFAULT),
            allow_partial_count: partial?.unwrap_or(false),
            max_pages: pages?.unwrap_or(MAX_PAGES_DEFAULT),
        })
    }
}

impl PageQuery {
    /// The window on the list, no larger than the limit of the host.
    pub(crate) fn window(self, limits: &ApiLimits) -> Window {
        let limit = self.limit.min(limits.page_max);
        // Asking for no entries is the idiom for an exact count.
        let partial = self.allow_partial_count && limit > 0;
        let count_max = self.offset.saturating_add(self.max_pages.saturating_mul(limit)) + 1;
        Window { offset: self.offset, limit, count_max: partial.then_some(count_max) }
    }
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Page)]
pub(crate) struct PageBody<T> {
    /// How many there are in all.
    pub(crate) count: u64,
    /// Where the next page is. Also given when the last page is full.
    pub(crate) next: Option<String>,
    /// Where the page before is.
    pub(crate) previous: Option<String>,
    /// Newest first.
    pub(crate) results: Vec<T>,
    /// Whether counting stopped at `count`.
    pub(crate) is_partial_count: bool,
}

impl<T> PageBody<T> {
    /// A page with its links.
    pub(crate) fn new<D: Into<T>>(page: Page<D>, window: Window, links: &Links) -> Self {
        let Window { offset, limit, count_max } = window;
        Self {
            count: page.count,
            next: (offset.saturating_add(limit) <= page.count)
                .then(|| links.to(limit, offset + limit)),
            previous: offset.checked_sub(limit).map(|before| links.to(limit, before)),
            results: page.items.into_iter().map(Into::into).collect(),
            is_partial_count: count_max == Some(page.count),
        }
    }
}

/// Where a list was asked for, for links to its other pages.
#[derive(Debug)]
pub(crate) struct Links {
    base: String,
    query: String,
}

impl FromRequestParts<Arc<ApiState>> for Links {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<ApiState>) -> Result<Self, ApiError> {
        Ok(Self::of(&parts.headers, parts.uri.path(), parts.uri.query().unwrap_or_default()))
    }
}

impl Links {
    fn of(headers: &HeaderMap, path: &str, query: &str) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        // Behind a proxy that ends TLS, links must lead back through it.
        let secure = text("x-forwarded-proto").is_some_and(|proto| proto == "https");
        let scheme = if secure { "https" } else { "http" };
        let base = text(header::HOST.as_str())
            .map_or_else(|| path.to_owned(), |host| format!("{scheme}://{host}{path}"));
        Self { base, query: query.to_owned() }
    }

    /// The same list from another offset on; the other parameters stay as they were sent.
    fn to(&self, limit: u64, offset: u64) -> String {
        let named = |pair: &&str, name| pair.split('=').next() == Some(name);
        let kept = self
            .query
            .split('&')
            .filter(|pair| !pair.is_empty() && !named(pair, "limit") && !named(pair, "offset"));
        let mut url = format!("{}?", self.base);
        for pair in kept {
            url.push_str(pair);
            url.push('&');
        }
        url + &format!("limit={limit}&offset={offset}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(query: &str) -> Links {
        let headers = HeaderMap::from_iter([(header::HOST, "127.0.0.1:8004".parse().unwrap())]);
        Links::of(&headers, "/tasks", query)
    }

    fn page(offset: u64, limit: u64, count: u64, query: &str) -> (Option<String>, Option<String>) {
        let window = Window { offset, limit, count_max: None };
        let page: PageBody<u64> =
            PageBody::new(Page { count, items: Vec::<u64>::new() }, window, &links(query));
        (page.next, page.previous)
    }

    #[test]
    fn links_keep_other_parameters_and_move_limit_and_offset_to_the_end() {
        let (next, previous) = page(2, 2, 9, "limit=2&offset=2&status=dispatched");
        assert_eq!(next.unwrap(), "http://127.0.0.1:8004/tasks?status=dispatched&limit=2&offset=4");
        assert_eq!(
            previous.unwrap(),
            "http://127.0.0.1:8004/tasks?status=dispatched&limit=2&offset=0"
        );
    }

    #[test]
    fn a_last_page_that_is_full_still_has_a_next_one() {
        assert_eq!(page(1, 1, 2, "").0.unwrap(), "http://127.0.0.1:8004/tasks?limit=1&offset=2");
        assert_eq!(page(2, 1, 2, "").0, None);
    }

    #[test]
    fn the_page_without_entries_links_to_itself() {
        let here = Some("http://127.0.0.1:8004/tasks?limit=0&offset=0".to_owned());
        assert_eq!(page(0, 0, 18, "limit=0"), (here.clone(), here));
    }

    #[test]
    fn beyond_the_end_there_is_only_a_way_back() {
        let (next, previous) = page(1000, 10, 18, "offset=1000&limit=10");
        assert_eq!(next, None);
        assert_eq!(previous.unwrap(), "http://127.0.0.1:8004/tasks?limit=10&offset=990");
    }

    #[test]
    fn a_proxy_that_ends_tls_gets_links_through_itself() {
        let headers = HeaderMap::from_iter([
            (header::HOST, "hinny.example".parse().unwrap()),
            ("x-forwarded-proto".parse().unwrap(), "https".parse().unwrap()),
        ]);
        let links = Links::of(&headers, "/tasks", "a=1");
        assert_eq!(links.to(1, 0), "https://hinny.example/tasks?a=1&limit=1&offset=0");
    }

    #[test]
    fn a_partial_count_stops_one_past_the_last_counted_page() {
        let query = PageQuery { offset: 20, limit: 10, allow_partial_count: true, max_pages: 6 };
        let limits = ApiLimits::default();
        assert_eq!(query.window(&limits).count_max, Some(81));
        assert_eq!(PageQuery { limit: 0, ..query }.window(&limits).count_max, None);
        assert_eq!(PageQuery { limit: 5000, ..query }.window(&limits).limit, 1000);
    }
}
