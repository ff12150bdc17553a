//! What all plugins of a process share: engines, threads, compiled code, limits.

use std::{sync::Arc, time::Instant};

use hinny_core::{PluginDigest, plugin::World};
use wasmtime::component::Component;

use crate::{
    cache::CodeCache, config::PluginHostConfig, engine::EngineHandle, error::HostError,
    limits::Limits, threads::CallThreads, turns::Turns,
};

/// What all plugins of a process share.
#[derive(Debug)]
pub(crate) struct PluginHost {
    pub(crate) limits: Limits,
    pub(crate) rankers: EngineHandle,
    pub(crate) schedulers: EngineHandle,
    pub(crate) threads: CallThreads,
    pub(crate) turns: Turns,
    cache: Option<CodeCache>,
}

/// A component, compiled.
pub(crate) struct Compiled {
    pub(crate) component: Component,
    /// How long it took, when it was not in the cache.
    pub(crate) took_ms: Option<u128>,
}

impl PluginHost {
    pub(crate) fn new(config: &PluginHostConfig) -> Result<Arc<Self>, HostError> {
        let limits = config.limits.clone();
        limits.validate()?;
        let cache_bytes = u64::from(limits.cache_mb) << 20;
        Ok(Arc::new(Self {
            rankers: EngineHandle::new(World::Ranker, &limits)?,
            schedulers: EngineHandle::new(World::Scheduler, &limits)?,
            threads: CallThreads::start(limits.ranker_threads).map_err(HostError::Thread)?,
            turns: Turns::start().map_err(HostError::Thread)?,
            cache: config
                .cache_folder
                .as_deref()
                .and_then(|folder| CodeCache::open(folder, cache_bytes)),
            limits,
        }))
    }

    pub(crate) fn engine(&self, world: World) -> &EngineHandle {
        match world {
            World::Ranker => &self.rankers,
            World::Scheduler => &self.schedulers,
        }
    }

    /// The code of a component, when it was compiled before.
    pub(crate) fn cached(&self, world: World, digest: &PluginDigest) -> Option<Compiled> {
        let engine = self.engine(world).engine();
        let component = self.cache.as_ref()?.load(engine, world, digest)?;
        Some(Compiled { component, took_ms: None })
    }

    /// The code of a component, from the cache or compiled now: for a thread that may be busy.
    pub(crate) fn compile(
        &self,
        world: World,
        digest: &PluginDigest,
        bytes: &[u8],
    ) -> wasmtime::Result<Compiled> {
        if let Some(compiled) = self.cached(world, digest) {
            return Ok(compiled);
        }
        let started = Instant::now();
        let component = Component::from_binary(self.engine(world).engine(), bytes)?;
        let took_ms = Some(started.elapsed().as_millis());
        if let Some(cache) = &self.cache {
            cache.store(world, digest, &component);
        }
        Ok(Compiled { component, took_ms })
    }
}
