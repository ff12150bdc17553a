//! The two engines, each with a ticker of its own.
//!
//! Ranker calls are pure and short, so their engine is synchronous and they run on threads of their
//! own. Scheduler plugins wait for the database, so their engine is asynchronous, and a guest that
//! computes gives way to others on each tick, and goes on elsewhere (see [`crate::turns`]).

mod ticker;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use hinny_core::plugin::World;
use tracing::warn;
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig,
};

pub(crate) use self::ticker::Ticks;
use self::ticker::{Running, Ticker};
use crate::{error::HostError, limits::Limits};

/// How often a running guest is looked at.
pub(crate) const TICK: Duration = Duration::from_millis(1);

/// Memory that a slot of the pool keeps between instances, where the system tells which pages
/// were written: those are wiped and stay. A batch of 1,000 tasks writes some 60 KiB.
const KEEP_WRITTEN_BYTES: usize = 256 << 10;

/// The same where it does not tell: so much is wiped from the start of the memory on, written or
/// not. More makes each recycling slower than giving the pages back: 1 MiB costs 10 µs instead of 3.
const KEEP_RESIDENT_BYTES: usize = 64 << 10;

/// Core instances of a usual component: the module itself, and small ones for imports and clean-up.
const CORE_INSTANCES_EACH: u32 = 8;

/// Most core instances of one component. A language runtime with its libraries has about 20.
const CORE_INSTANCES_MAX: u32 = 64;

/// Most memories of one component: without a limit, one plugin could take those of all others. A
/// language runtime whose WASI is stubbed out has one of its own and two small ones for the stubs.
const MEMORIES_MAX: u32 = 3;

/// Tables of a usual component.
const TABLES_EACH: u32 = 4;

/// Most tables of one component.
const TABLES_MAX: u32 = 16;

/// An engine together with what makes its deadlines real. An engine without a ticker never times
/// out, so there is no way to have one here.
pub(crate) struct EngineHandle {
    engine: Engine,
    ticker: Ticker,
    population: Arc<Population>,
}

impl EngineHandle {
    /// The engine for plugins of a world.
    pub(crate) fn new(world: World, limits: &Limits) -> Result<Self, HostError> {
        let engine = pooled_or_on_demand(world, limits)?;
        let ticker = Ticker::start(world, &engine, TICK).map_err(HostError::Thread)?;
        Ok(Self { engine, ticker, population: Arc::new(Population::new(world)) })
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Keeps the ticker going for as long as a call runs.
    pub(crate) fn running(&self) -> Running {
        self.ticker.running()
    }

    /// How many ticks there were.
    pub(crate) fn ticks(&self) -> &Ticks {
        self.ticker.ticks()
    }

    /// The instances that exist now.
    pub(crate) fn population(&self) -> &Arc<Population> {
        &self.population
    }
}

impl fmt::Debug for EngineHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineHandle").finish_non_exhaustive()
    }
}

/// How many instances exist.
pub(crate) struct Population {
    count: AtomicUsize,
    gauge: metrics::Gauge,
}

impl Population {
    pub(crate) fn new(world: World) -> Self {
        let gauge = metrics::gauge!("hinny_plugin_instances", "world" => world.as_str());
        Self { count: AtomicUsize::new(0), gauge }
    }

    pub(crate) fn born(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.gauge.increment(1.0);
    }

    pub(crate) fn died(&self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
        self.gauge.decrement(1.0);
    }

    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Population {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Population").field("count", &self.count).finish_non_exhaustive()
    }
}

/// A pool reserves 4 GiB of addresses for each instance, so that the guest's memory accesses need
/// no checks. Where there are not that many addresses (a small `ulimit -v`, some containers), each
/// instance is mapped when it is made: slower by some µs, otherwise the same.
fn pooled_or_on_demand(world: World, limits: &Limits) -> Result<Engine, HostError> {
    let mut config = config(limits);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(limits)));
    match Engine::new(&config) {
        Ok(engine) => return Ok(engine),
        Err(error) => {
            warn!(
                plugin.world = world.as_str(),
                error = format!("{error:#}"),
                "no pool for {world} instances, each is mapped on its own; hint: lower `plugins.limits.instances`, or allow the process more addresses (`ulimit -v`)"
            );
        }
    }
    config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
    Engine::new(&config).map_err(|error| HostError::Engine { world, why: format!("{error:#}") })
}

/// What both engines have in common: everything that makes the same call give the same answer, and
/// everything that stops it.
fn config(limits: &Limits) -> Config {
    let stack_bytes = limits.stack_kb as usize * 1024;
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .cranelift_nan_canonicalization(true)
        .cranelift_opt_level(OptLevel::Speed)
        .wasm_relaxed_simd(false)
        // Guests wait through the host's imports only; the machinery for more costs 0.2 µs a call.
        .concurrency_support(false)
        .max_wasm_stack(stack_bytes)
        // A fiber's stack holds the host's own frames under the guest's.
        .async_stack_size(stack_bytes + (1 << 20));
    config
}

fn pool(limits: &Limits) -> PoolingAllocationConfig {
    let instances = limits.instances;
    let keep_bytes = if PoolingAllocationConfig::is_pagemap_scan_available() {
        KEEP_WRITTEN_BYTES
    } else {
        KEEP_RESIDENT_BYTES
    };
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances.saturating_mul(CORE_INSTANCES_EACH))
        .total_memories(instances.saturating_mul(MEMORIES_MAX))
        .total_tables(instances.saturating_mul(TABLES_EACH))
        .total_stacks(instances)
        .max_core_instances_per_component(CORE_INSTANCES_MAX)
        .max_memories_per_component(MEMORIES_MAX)
        .max_tables_per_component(TABLES_MAX)
        .table_elements(limits.table_elements as usize)
        .max_memory_size(limits.memory_bytes())
        // Giving pages back and taking them again, with the other cores told of it each time,
        // costs a batch of 1,000 tasks 35 of 65 µs.
        .pagemap_scan(Enabled::Auto)
        .linear_memory_keep_resident(keep_bytes)
        .table_keep_resident(KEEP_RESIDENT_BYTES)
        .async_stack_keep_resident(KEEP_RESIDENT_BYTES);
    pool
}
