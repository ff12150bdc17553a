//! The order against a small reference model, and its corners by name.

use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::{
    Organisation,
    filter::{Condition, Filter, Operator},
};

const NOW: i64 = 1_000_000;

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

fn arrival(id: u128, priority: i64, organisation: &str) -> Arrival {
    Arrival {
        id: TaskId(Uuid::from_u128(id)),
        created_at: at(NOW),
        priority: Priority(priority),
        fallback: false,
        not_before: None,
        class: class_key(&Organisation::new(organisation).unwrap(), &[], &json!({})),
        group: None,
        inputs: Box::default(),
    }
}

fn order_of(arrivals: &[Arrival]) -> Order {
    let mut order = Order::new(1, [].into());
    for arrival in arrivals {
        order.insert(arrival, at(NOW));
    }
    order
}

fn numbers(ids: impl IntoIterator<Item = TaskId>) -> Vec<u128> {
    ids.into_iter().map(|id| id.0.as_u128()).collect()
}

fn taken_numbers(taken: &[Taken]) -> Vec<u128> {
    numbers(taken.iter().map(|taken| taken.id))
}

fn of(organisation: &str) -> Filter {
    let condition = Condition {
        column: "organisation".to_owned(),
        path: Vec::new(),
        operator: Operator::Eq,
        value: json!(organisation),
    };
    Filter { and: vec![condition], ..Filter::default() }
}

fn rank_all_by(order: &mut Order, generation: u64, rank: impl Fn(u128) -> i64) {
    let slots = order.freeze();
    let mut reranking = Reranking::default();
    let chunk = order.chunk((0..slots).collect(), at(NOW));
    let ranks: Vec<_> = chunk.ids.iter().map(|id| Priority(rank(id.0.as_u128()))).collect();
    reranking.add(&chunk, &ranks, false);
    let new = reranking.build(generation, None);
    let late = order.added(at(NOW));
    let ranks: Vec<_> = late.ids.iter().map(|id| Priority(rank(id.0.as_u128()))).collect();
    order.switch(new, &late, &ranks, false);
}

#[test]
fn a_filtered_pop_takes_the_first_of_its_class_and_leaves_the_others() {
    let mut order = order_of(&[arrival(1, 5, "a"), arrival(2, 3, "b"), arrival(3, 4, "b")]);
    let view = order.view(&of("b"), &[]).unwrap();
    assert_eq!(taken_numbers(&order.take(view, 1)), [2]);
    assert_eq!(numbers(order.head(None, 10)), [3, 1]);
    order.insert(&arrival(4, 1, "b"), at(NOW));
    assert_eq!(taken_numbers(&order.take(view, 9)), [4, 3]);
}

#[test]
fn a_filter_that_classes_cannot_decide_has_no_view() {
    let mut order = order_of(&[]);
    let mut filter = of("a");
    filter.and[0].operator = Operator::Like;
    assert_eq!(order.view(&filter, &[]), None);
    filter.and[0] = Condition {
        column: "data".to_owned(),
        path: vec!["kind".to_owned()],
        operator: Operator::In,
        value: json!(["x"]),
    };
    assert_eq!(order.view(&filter, &[]), None);
    assert!(order.view(&filter, &["/kind".to_owned()]).is_some());
}

#[test]
fn a_taken_task_is_given_back_to_its_old_place() {
    let mut order = order_of(&[arrival(1, 1, "a"), arrival(2, 2, "a")]);
    let taken = order.take(ViewId::ALL, 1);
    assert_eq!(order.len(), 1);
    order.give_back(taken[0]);
    order.give_back(taken[0]);
    assert_eq!(numbers(order.head(None, 10)), [1, 2]);
}

#[test]
fn a_task_that_came_back_another_way_is_not_there_twice() {
    let mut order = order_of(&[arrival(1, 1, "a")]);
    let taken = order.take(ViewId::ALL, 1);
    order.insert(&arrival(1, 7, "a"), at(NOW));
    order.give_back(taken[0]);
    assert_eq!(numbers(order.ids()), [1]);
    assert_eq!(order.rank_of(taken[0].id).unwrap().0, Priority(7));
}

#[test]
fn a_delayed_task_is_passed_over_until_its_moment() {
    let mut order = Order::new(1, [].into());
    let mut later = arrival(1, 1, "a");
    later.not_before = Some(at(NOW + 5));
    order.insert(&later, at(NOW));
    assert_eq!(order.next_due(), Some(at(NOW + 5)));
    assert!(order.take(ViewId::ALL, 1).is_empty());
    assert!(order.release_due(at(NOW + 4)).is_empty());
    assert!(order.release_due(at(NOW + 5)).contains(&ViewId::ALL));
    assert_eq!(taken_numbers(&order.take(ViewId::ALL, 1)), [1]);
}

#[test]
fn a_switch_keeps_what_moved_meanwhile() {
    let mut order =
        order_of(&[arrival(1, 1, "a"), arrival(2, 2, "a"), arrival(3, 3, "b"), arrival(4, 4, "b")]);
    let mut delayed = arrival(9, 0, "c");
    delayed.not_before = Some(at(NOW + 100));
    order.insert(&delayed, at(NOW));
    let slots = order.freeze();
    let chunk = order.chunk((0..slots).collect(), at(NOW));
    // Meanwhile one is popped, one is out for a claim that fails, one is cancelled, one comes.
    let popped = order.take(ViewId::ALL, 1);
    order.forget(popped[0]);
    let out = order.take(ViewId::ALL, 1);
    order.remove(TaskId(Uuid::from_u128(4)));
    order.insert(&arrival(5, 5, "new"), at(NOW));
    let ranks: Vec<_> = chunk.ids.iter().map(|id| Priority(-(id.0.as_u128() as i64))).collect();
    let mut reranking = Reranking::default();
    reranking.add(&chunk, &ranks, false);
    let new = reranking.build(2, None);
    let late = order.added(at(NOW));
    assert_eq!(numbers(late.ids.clone()), [5]);
    order.switch(new, &late, &[Priority(-5)], false);
    assert_eq!(numbers(order.head(None, 10)), [5, 3]);
    order.give_back(out[0]);
    assert_eq!(numbers(order.head(None, 10)), [5, 3, 2]);
    order.release_due(at(NOW + 100));
    assert_eq!(numbers(order.head(None, 10)), [9, 5, 3, 2]);
    assert_eq!(order.generation(), 2);
}

#[test]
fn views_follow_a_switch() {
    let mut order = order_of(&[arrival(1, 1, "a"), arrival(2, 2, "b"), arrival(3, 3, "b")]);
    let view = order.view(&of("b"), &[]).unwrap();
    rank_all_by(&mut order, 2, |id| -(id as i64));
    assert_eq!(taken_numbers(&order.take(view, 9)), [3, 2]);
}

#[test]
fn more_filters_than_views_still_give_right_answers() {
    let mut order = order_of(&[arrival(1, 1, "a")]);
    for organisation in 0..300 {
        let view = order.view(&of(&format!("other-{organisation}")), &[]).unwrap();
        assert!(order.take(view, 1).is_empty());
    }
    let view = order.view(&of("a"), &[]).unwrap();
    assert_eq!(taken_numbers(&order.take(view, 1)), [1]);
}

#[derive(Debug, Clone)]
enum Step {
    Insert { id: u128, priority: i64, organisation: u8, delay: i64 },
    Remove(u128),
    Take { organisation: Option<u8>, limit: usize, back: bool },
    Rank(u128, i64),
    Release(i64),
    Rerank(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let id = 0..40_u128;
    let organisation = 0..3_u8;
    prop_oneof![
        6 => (id.clone(), -5..5_i64, organisation.clone(), prop_oneof![3 => Just(0), 1 => 1..50_i64])
            .prop_map(|(id, priority, organisation, delay)| Step::Insert { id, priority, organisation, delay }),
        2 => id.clone().prop_map(Step::Remove),
        4 => (proptest::option::of(organisation), 0..4_usize, any::<bool>())
            .prop_map(|(organisation, limit, back)| Step::Take { organisation, limit, back }),
        1 => (id, -5..5_i64).prop_map(|(id, priority)| Step::Rank(id, priority)),
        1 => (0..60_i64).prop_map(Step::Release),
        1 => (1..7_i64).prop_map(Step::Rerank),
    ]
}

/// The reference: tasks in a list, sorted for every question.
#[derive(Default)]
struct Model(BTreeMap<u128, (i64, u8, i64)>);

impl Model {
    fn sorted(&self, organisation: Option<u8>, now: i64) -> Vec<u128> {
        let mut ids: Vec<_> = self
            .0
            .iter()
            .filter(|(_, (_, of, until))| {
                *until <= now && organisation.is_none_or(|wanted| wanted == *of)
            })
            .map(|(id, (priority, ..))| (*priority, *id))
            .collect();
        ids.sort_unstable();
        ids.into_iter().map(|(_, id)| id).collect()
    }
}

fn organisation_name(organisation: u8) -> String {
    format!("org-{organisation}")
}

proptest! {
    #[test]
    fn the_order_is_a_full_sort(steps in proptest::collection::vec(step(), 1..80)) {
        let mut order = Order::new(1, [].into());
        let mut model = Model::default();
        let mut now = 0;
        for step in steps {
            match step {
                Step::Insert { id, priority, organisation, delay } => {
                    let mut arrival = arrival(id, priority, &organisation_name(organisation));
                    arrival.not_before = (delay > 0).then(|| at(NOW + now + delay));
                    order.insert(&arrival, at(NOW + now));
                    model.0.insert(id, (priority, organisation, now + delay));
                }
                Step::Remove(id) => {
                    let there = order.remove(TaskId(Uuid::from_u128(id)));
                    prop_assert_eq!(there, model.0.remove(&id).is_some());
                }
                Step::Take { organisation, limit, back } => {
                    let view = organisation.map_or(ViewId::ALL, |organisation| {
                        order.view(&of(&organisation_name(organisation)), &[]).unwrap()
                    });
                    let mut expected = model.sorted(organisation, now);
                    expected.truncate(limit);
                    let taken = order.take(view, limit);
                    prop_assert_eq!(taken_numbers(&taken), expected.clone());
                    for task in taken {
                        if back { order.give_back(task); } else { order.forget(task); }
                    }
                    if !back {
                        for id in expected { model.0.remove(&id); }
                    }
                }
                Step::Rank(id, priority) => {
                    order.rank(TaskId(Uuid::from_u128(id)), Priority(priority), false);
                    if let Some(task) = model.0.get_mut(&id) { task.0 = priority; }
                }
                Step::Release(by) => {
                    now += by;
                    order.release_due(at(NOW + now));
                }
                Step::Rerank(factor) => {
                    let rank = |id: u128| (id as i64 * factor) % 11;
                    rank_all_by(&mut order, 2, rank);
                    for (id, task) in &mut model.0 { task.0 = rank(*id); }
                }
            }
            // Moments pass only when somebody looks, so look before comparing.
            order.release_due(at(NOW + now));
            prop_assert_eq!(numbers(order.head(None, 100)), model.sorted(None, now));
            prop_assert_eq!(order.len(), model.0.len());
        }
    }
}

fn grouped(id: u128, priority: i64, organisation: &str, group: Option<&str>) -> Arrival {
    Arrival { group: group.map(Into::into), ..arrival(id, priority, organisation) }
}

#[test]
fn the_first_task_brings_its_group_in_order() {
    let mut order = order_of(&[
        grouped(1, 5, "acme", None),
        grouped(2, 1, "acme", Some("g")),
        grouped(3, 9, "other", Some("g")),
        grouped(4, 7, "acme", Some("g")),
        grouped(5, 2, "acme", Some("h")),
    ]);
    let all = order.view(&Filter::default(), &[]).unwrap();
    assert_eq!(taken_numbers(&order.take_together(all, 1, 10)), [2, 4, 3], "whole, by priority");
    assert_eq!(taken_numbers(&order.take_together(all, 1, 1)), [5]);
    assert_eq!(taken_numbers(&order.take_together(all, 1, 10)), [1]);
    assert!(order.take_together(all, 1, 10).is_empty());
}

#[test]
fn tasks_that_stand_alone_are_taken_up_to_one_that_has_a_group() {
    let mut order = order_of(&[
        grouped(1, 1, "acme", None),
        grouped(2, 2, "acme", None),
        grouped(3, 3, "acme", Some("g")),
        grouped(4, 4, "acme", None),
        grouped(5, 5, "acme", Some("g")),
    ]);
    let all = order.view(&Filter::default(), &[]).unwrap();
    assert_eq!(taken_numbers(&order.take_together(all, 10, 10)), [1, 2]);
    assert_eq!(taken_numbers(&order.take_together(all, 10, 10)), [3, 5]);
    assert_eq!(taken_numbers(&order.take_together(all, 10, 10)), [4]);
}

#[test]
fn of_a_group_only_what_a_filter_admits_and_what_is_in_order_goes() {
    let mut order = order_of(&[
        grouped(1, 1, "acme", Some("g")),
        grouped(2, 2, "other", Some("g")),
        grouped(3, 3, "acme", Some("g")),
    ]);
    let later = Arrival { not_before: Some(at(NOW + 5)), ..grouped(4, 0, "acme", Some("g")) };
    order.insert(&later, at(NOW));
    let acme = order.view(&of("acme"), &[]).unwrap();
    let first = order.take_together(acme, 1, 10);
    assert_eq!(taken_numbers(&first), [1, 3]);
    // One comes back, one is gone for good, and the delayed one is due.
    order.give_back(first[0]);
    order.forget(first[1]);
    order.release_due(at(NOW + 5));
    let all = order.view(&Filter::default(), &[]).unwrap();
    assert_eq!(taken_numbers(&order.take_together(all, 1, 10)), [4, 1, 2]);
}

#[test]
fn a_group_is_remembered_over_a_new_order() {
    let mut order = order_of(&[
        grouped(1, 1, "acme", None),
        grouped(2, 2, "acme", Some("g")),
        grouped(3, 3, "acme", Some("g")),
    ]);
    rank_all_by(&mut order, 2, |id| -(id as i64));
    let all = order.view(&Filter::default(), &[]).unwrap();
    assert_eq!(taken_numbers(&order.take_together(all, 1, 10)), [3, 2]);
}

#[test]
fn a_name_with_a_slash_is_another_place_than_a_name_inside_of_another() {
    let places = ["/a/b".to_owned(), "/a~1b".to_owned(), "/m~0n".to_owned()];
    let data = json!({"a": {"b": "inside"}, "a/b": "slash", "m~n": "tilde"});
    let class = class_key(&Organisation::new("acme").unwrap(), &places, &data);
    let mut order = order_of(&[Arrival { class, ..arrival(1, 0, "acme") }]);
    let mut finds = |path: &[&str], text: &str| {
        let path = path.iter().map(|name| (*name).to_owned()).collect();
        let (column, operator) = ("data".to_owned(), Operator::Eq);
        let condition = Condition { column, path, operator, value: json!(text) };
        let filter = Filter { and: vec![condition], ..Filter::default() };
        let view = order.view(&filter, &places).unwrap();
        let taken = order.take(view, 1);
        for taken in &taken {
            order.give_back(*taken);
        }
        !taken.is_empty()
    };
    assert!(finds(&["a", "b"], "inside") && !finds(&["a", "b"], "slash"));
    assert!(finds(&["a/b"], "slash") && !finds(&["a/b"], "inside"));
    assert!(finds(&["m~n"], "tilde"));
}
