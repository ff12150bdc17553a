//! The order in memory: what a push, a pop and a switch cost, by the length of the queue.

use std::{hint::black_box, sync::Arc};

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hinny_core::{
    Organisation, Priority, TaskId, Timestamp,
    filter::{Condition, Filter, Operator},
    input::{InputSource, InputSpec, InputType, InputValue},
    order::{Arrival, Order, Reranking, ViewId, class_key},
};
use serde_json::json;
use uuid::Uuid;

const ORGANISATIONS: u64 = 20;
const KINDS: u64 = 10;

fn specs() -> Arc<[InputSpec]> {
    let pointer = |place: &str, kind| InputSpec {
        name: place.to_owned(),
        source: InputSource::Pointer(place.to_owned()),
        kind,
    };
    [
        pointer("/level", InputType::Integer),
        pointer("/cost", InputType::Float),
        pointer("/kind", InputType::Text),
        pointer("/urgent", InputType::Flag),
    ]
    .into()
}

fn places() -> Vec<String> {
    vec!["/kind".to_owned()]
}

/// A well-mixed number, so that priorities come in no order.
fn mix(number: u64) -> u64 {
    number.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(31)
}

fn arrival(number: u64) -> Arrival {
    let kind = format!("kind-{}", mix(number) % KINDS);
    let organisation = format!("org-{}", mix(number + 1) % ORGANISATIONS);
    let organisation = Organisation::new(organisation).expect("a short name");
    Arrival {
        id: TaskId(Uuid::from_u64_pair(number, mix(number))),
        created_at: Timestamp::from_micros(number as i64),
        priority: Priority((mix(number) % 1_000_000) as i64),
        fallback: false,
        not_before: None,
        class: class_key(&organisation, &places(), &json!({"kind": kind})),
        group: None,
        inputs: [
            InputValue::Integer((number % 5) as i64),
            InputValue::Float(number as f64),
            InputValue::Text(kind.into()),
            InputValue::Flag(number.is_multiple_of(2)),
        ]
        .into(),
    }
}

fn order_of(len: u64) -> Order {
    let mut order = Order::new(1, specs());
    for number in 0..len {
        order.insert(&arrival(number), Timestamp::MIN);
    }
    order
}

fn one_kind() -> Filter {
    let condition = Condition {
        column: "data".to_owned(),
        path: vec!["kind".to_owned()],
        operator: Operator::Eq,
        value: json!("kind-3"),
    };
    Filter { and: vec![condition], ..Filter::default() }
}

fn push_and_pop(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("order");
    group.throughput(Throughput::Elements(1));
    for len in [10_000, 1_000_000] {
        let mut order = order_of(len);
        let view = order.view(&one_kind(), &places()).expect("classes decide it");
        let mut number = len;
        for (name, view) in [("push+pop", ViewId::ALL), ("push+pop filtered", view)] {
            group.bench_function(BenchmarkId::new(name, len), |bencher| {
                bencher.iter_batched(
                    || {
                        number += 1;
                        arrival(number)
                    },
                    |arrival| {
                        order.insert(&arrival, Timestamp::MIN);
                        for taken in order.take(view, 1) {
                            order.forget(taken);
                        }
                    },
                    BatchSize::SmallInput,
                );
            });
        }
    }
    group.finish();
}

fn switch(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("switch");
    group.sample_size(10);
    let len = 1_000_000;
    let mut order = order_of(len);
    group.throughput(Throughput::Elements(len));
    group.bench_function("copy out, sort and exchange 1M, without ranking", |bencher| {
        bencher.iter(|| {
            let slots = order.freeze();
            let mut reranking = Reranking::default();
            for start in (0..slots).step_by(4096) {
                let chunk = order.chunk((start..slots.min(start + 4096)).collect(), Timestamp::MIN);
                let ranks: Vec<_> = chunk
                    .ids
                    .iter()
                    .map(|id| Priority((mix(id.0.as_u64_pair().1) >> 12) as i64))
                    .collect();
                reranking.add(&chunk, &ranks, false);
            }
            let new = reranking.build(2, None);
            let late = order.added(Timestamp::MIN);
            black_box(order.switch(new, &late, &[], false));
        });
    });
    group.finish();
}

criterion_group!(benches, push_and_pop, switch);
criterion_main!(benches);
