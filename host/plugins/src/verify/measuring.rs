//! What a ranker costs, measured without a host around it: what `plugin bench` shows.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use hinny_core::{SchedulerId, input::Columns, plugin::Verdict, ranker::RankContext};
use serde_json::Value;
use wasmtime::component::Component;

use super::{Ready, samples, verify_component};
use crate::{
    bounds::Patience,
    call::CallError,
    config::PluginHostConfig,
    error::HostError,
    host::PluginHost,
    ranker::{RankInstance, RankerCode},
};

/// How long each figure is measured, at most.
const TIME: Duration = Duration::from_millis(500);

/// The fewest and the most rounds that a median is taken of.
const ROUNDS: std::ops::RangeInclusive<usize> = 5..=2_000;

/// What measuring a plugin came to.
#[derive(Debug, Clone)]
pub struct Measured {
    /// Whether a host would take it; only then there are figures.
    pub verdict: Verdict,
    /// What it costs; nothing for a scheduler plugin, or for one that needs settings.
    pub figures: Option<Figures>,
}

/// What a ranker costs. Medians, on the calling thread.
#[derive(Debug, Clone)]
pub struct Figures {
    /// Compiling it, without any cache.
    pub compile: Duration,
    /// A new instance, with its settings.
    pub instance: Duration,
    /// One for each size of a batch.
    pub sizes: Vec<SizeFigures>,
}

/// What ranking a batch of some size costs.
#[derive(Debug, Clone, Copy)]
pub struct SizeFigures {
    /// Tasks in the batch.
    pub tasks: usize,
    /// With an instance that has ranked before.
    pub warm: Duration,
    /// With a new instance each time.
    pub fresh: Duration,
}

/// Measures a ranker, on sample batches of some sizes. A call that fails is in the verdict.
///
/// Blocks for as long as compiling takes, twice, and some seconds more.
pub fn measure(
    config: &PluginHostConfig,
    component: &[u8],
    settings: Option<&Value>,
    sizes: &[usize],
) -> Result<Measured, HostError> {
    let host = PluginHost::new(config)?;
    let verified = verify_component(&host, component, settings);
    let figures = match verified.ready {
        Some(Ready::Ranker(code, description)) => {
            let started = Instant::now();
            // Taken before, so it is taken again; from its bytes, since the cache may have it.
            let compiled = Component::from_binary(host.rankers.engine(), component);
            let compile = started.elapsed();
            let batches = samples::of_sizes(&description.inputs, sizes);
            compiled.ok().and_then(|_| figures(&code, compile, &batches).ok().flatten())
        }
        _ => None,
    };
    Ok(Measured { verdict: verified.verdict, figures })
}

fn figures(
    code: &RankerCode,
    compile: Duration,
    batches: &[Columns],
) -> Result<Option<Figures>, CallError> {
    let Ok(scheduler) = SchedulerId::new("bench") else { return Ok(None) };
    let context = RankContext { now: samples::now(), scheduler, seed: samples::SEED };
    let instance = median(|| RankInstance::configured(code, Patience::default()).map(drop))?;
    let sizes = batches.iter().map(|batch| size_figures(code, &context, batch));
    let sizes = sizes.collect::<Result<_, _>>()?;
    Ok(Some(Figures { compile, instance, sizes }))
}

fn size_figures(
    code: &RankerCode,
    context: &RankContext,
    batch: &Columns,
) -> Result<SizeFigures, CallError> {
    let rank = |instance: &mut RankInstance| {
        instance.rank(context, batch, 0..batch.len).map(|answers| drop(black_box(answers)))
    };
    let mut kept = RankInstance::configured(code, Patience::default())?;
    let warm = median(|| rank(&mut kept))?;
    let fresh = median(|| rank(&mut RankInstance::configured(code, Patience::default())?))?;
    Ok(SizeFigures { tasks: batch.len, warm, fresh })
}

/// The median of how long something takes, after a first round that does not count.
fn median(mut round: impl FnMut() -> Result<(), CallError>) -> Result<Duration, CallError> {
    round()?;
    let begun = Instant::now();
    let mut took = Vec::new();
    while took.len() < *ROUNDS.start() || (took.len() < *ROUNDS.end() && begun.elapsed() < TIME) {
        let started = Instant::now();
        round()?;
        took.push(started.elapsed());
    }
    took.sort_unstable();
    Ok(took.get(took.len() / 2).copied().unwrap_or_default())
}
