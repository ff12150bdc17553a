//! What can be measured.

mod batch;
mod drain;
mod lifecycle;
mod mutations;
mod neighbours;
mod pop;
mod push;
mod read;
mod rerank;
mod services;
mod shift;
mod swap;
mod version;

use clap::Subcommand;

use crate::{outcome::Outcome, target::Target};

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Scenario {
    /// Push single tasks for a while.
    Push(push::Push),
    /// Push tasks in batches for a while.
    Batch(batch::Batch),
    /// Push tasks in batches until the queue has a length.
    Fill(batch::Fill),
    /// Pop from a queue of a length, in rounds.
    Pop(pop::Pop),
    /// Push, pop and complete, one task after the other on each connection, for a while.
    Lifecycle(lifecycle::Lifecycle),
    /// Activate one ranker after the other while tasks are pushed and popped.
    Swap(swap::Swap),
    /// Activate a ranker on a long queue while tasks are popped.
    Rerank(rerank::Rerank),
    /// Push and pop beside a plugin that computes without end, and alone.
    Neighbours(neighbours::Neighbours),
    /// Ask for something again and again.
    Read(read::Read),
    /// Publish messages and wait for the tasks that come of them.
    Mutations(mutations::Mutations),
    /// Be the services that OpenKAT's plugins ask.
    Services(services::Services),
    /// Pop everything.
    Drain,
}

impl Scenario {
    /// Does it.
    pub(crate) async fn run(&self, target: &Target) -> anyhow::Result<Outcome> {
        match self {
            Self::Push(push) => push.run(target).await,
            Self::Batch(batch) => batch.run(target).await,
            Self::Fill(fill) => fill.run(target).await,
            Self::Pop(pop) => pop.run(target).await,
            Self::Lifecycle(lifecycle) => lifecycle.run(target).await,
            Self::Swap(swap) => swap.run(target).await,
            Self::Rerank(rerank) => rerank.run(target).await,
            Self::Neighbours(neighbours) => neighbours.run(target).await,
            Self::Read(read) => read.run(target).await,
            Self::Mutations(mutations) => mutations.run(target).await,
            Self::Services(services) => services.run().await,
            Self::Drain => drain::run(target).await,
        }
    }
}
