//! The first task of each class that a filter admits.

use std::{collections::BTreeSet, sync::Arc};

use hashbrown::{HashMap, HashSet};
use serde_json::Value;

use super::Key;
use crate::filter::{Condition, Filter, Operator};

/// A view on an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ViewId(u32);

impl ViewId {
    /// The view that shows everything.
    pub const ALL: Self = Self(0);
}

/// Most views of one order. Each costs a tree operation when the head of one of its classes
/// changes; workers usually ask with a handful of different filters.
const VIEWS_MAX: usize = 128;

#[derive(Debug)]
struct View {
    filter: Filter,
    rule: ClassFilter,
    heads: BTreeSet<(Key, u32)>,
    pins: u32,
    used: u64,
}

/// All views of an order.
#[derive(Debug)]
pub(super) struct Views {
    views: Vec<View>,
    uses: u64,
}

/// A view that was just made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Made {
    /// The view whose place it took.
    pub(super) replaced: Option<ViewId>,
}

impl Default for Views {
    fn default() -> Self {
        let all = View {
            filter: Filter::default(),
            rule: ClassFilter::default(),
            heads: BTreeSet::new(),
            pins: 1,
            used: 0,
        };
        Self { views: vec![all], uses: 0 }
    }
}

impl Views {
    /// The view for a filter; `None`: classes do not decide it, or all places are pinned.
    pub(super) fn find_or_make(
        &mut self,
        filter: &Filter,
        places: &[String],
    ) -> Option<(ViewId, Option<Made>)> {
        self.uses += 1;
        let uses = self.uses;
        if let Some(at) = self.views.iter().position(|view| view.filter == *filter) {
            if let Some(view) = self.views.get_mut(at) {
                view.used = uses;
            }
            return Some((ViewId(at as u32), None));
        }
        let rule = ClassFilter::new(filter, places)?;
        let view =
            View { filter: filter.clone(), rule, heads: BTreeSet::new(), pins: 0, used: uses };
        if self.views.len() < VIEWS_MAX {
            self.views.push(view);
            return Some((ViewId((self.views.len() - 1) as u32), Some(Made { replaced: None })));
        }
        let (at, place) = (0..)
            .zip(&mut self.views)
            .filter(|(_, view)| view.pins == 0)
            .min_by_key(|(_, view)| view.used)?;
        *place = view;
        Some((ViewId(at), Some(Made { replaced: Some(ViewId(at)) })))
    }

    pub(super) fn pin(&mut self, view: ViewId, by: i32) {
        if let Some(view) = self.views.get_mut(view.0 as usize) {
            view.pins = view.pins.saturating_add_signed(by);
        }
    }

    /// The class whose head is the first that a view shows.
    pub(super) fn first(&self, view: ViewId) -> Option<u32> {
        self.views.get(view.0 as usize)?.heads.first().map(|(_, class)| *class)
    }

    pub(super) fn admits(&self, view: ViewId, class: &[Option<Arc<str>>]) -> bool {
        self.views.get(view.0 as usize).is_some_and(|view| view.rule.admits(class))
    }

    /// The views that show a class.
    pub(super) fn admitting(&self, class: &[Option<Arc<str>>]) -> Vec<ViewId> {
        (0..)
            .zip(&self.views)
            .filter(|(_, view)| view.rule.admits(class))
            .map(|(at, _)| ViewId(at))
            .collect()
    }

    /// The head of a class has changed.
    pub(super) fn move_head(
        &mut self,
        views: &[ViewId],
        class: u32,
        before: Option<Key>,
        after: Option<Key>,
    ) {
        for view in views {
            let Some(view) = self.views.get_mut(view.0 as usize) else { continue };
            if let Some(key) = before {
                view.heads.remove(&(key, class));
            }
            if let Some(key) = after {
                view.heads.insert((key, class));
            }
        }
    }

    pub(super) fn clear_heads(&mut self) {
        for view in &mut self.views {
            view.heads.clear();
        }
    }
}

/// A filter in terms of classes.
#[derive(Debug, Default)]
struct ClassFilter {
    filter: Filter,
    tests: HashMap<ConditionKey, ClassTest>,
}

/// A condition, as a key: its text.
type ConditionKey = String;

#[derive(Debug)]
struct ClassTest {
    /// Place in the class key.
    dimension: usize,
    /// Texts to compare with.
    texts: HashSet<String>,
    /// Whether it must be one of them, or none of them.
    among: bool,
}

impl ClassFilter {
    /// `None`: classes do not decide the filter.
    fn new(filter: &Filter, places: &[String]) -> Option<Self> {
        let tests = filter
            .conditions()
            .map(|condition| Some((condition_key(condition), ClassTest::new(condition, places)?)))
            .collect::<Option<_>>()?;
        Some(Self { filter: filter.clone(), tests })
    }

    fn admits(&self, class: &[Option<Arc<str>>]) -> bool {
        self.filter.holds(|condition| {
            self.tests.get(&condition_key(condition)).is_some_and(|test| test.admits(class))
        })
    }
}

fn condition_key(condition: &Condition) -> ConditionKey {
    format!("{condition:?}")
}

/// A path as a JSON pointer: a name with `/` in it is another place than one inside of another.
fn pointer(path: &[String]) -> String {
    path.iter().fold(String::new(), |pointer, name| {
        pointer + "/" + &name.replace('~', "~0").replace('/', "~1")
    })
}

impl ClassTest {
    fn new(condition: &Condition, places: &[String]) -> Option<Self> {
        let dimension = match (condition.column.as_str(), condition.path.as_slice()) {
            ("organisation", []) => 0,
            ("data", [_, ..]) => {
                let pointer = pointer(&condition.path);
                places.iter().position(|place| *place == pointer)? + 1
            }
            _ => return None,
        };
        let (among, list) = match condition.operator {
            Operator::Eq => (true, false),
            Operator::Ne => (false, false),
            Operator::In => (true, true),
            Operator::NotIn => (false, true),
            _ => return None,
        };
        // Anything but text compares by type, which classes do not know.
        let texts = match (&condition.value, list) {
            (Value::String(text), false) => HashSet::from([text.clone()]),
            (Value::Array(values), true) if !values.is_empty() => values
                .iter()
                .map(|value| value.as_str().map(str::to_owned))
                .collect::<Option<_>>()?,
            _ => return None,
        };
        Some(Self { dimension, texts, among })
    }

    /// A task without a value there matches neither way.
    fn admits(&self, class: &[Option<Arc<str>>]) -> bool {
        class
            .get(self.dimension)
            .and_then(Option::as_deref)
            .is_some_and(|text| self.texts.contains(text) == self.among)
    }
}
