//! What the export macros stand on: from the wire to the traits and back.

use std::cell::OnceCell;

use crate::{
    inputs::{Batch, Inputs, RankError},
    ranker::{Context, Explanation, Ranker},
    scheduler::Scheduler,
    settings::{Setting, Settings},
};

/// Where the plugin of an instance is kept once it is configured.
#[derive(Debug)]
pub struct Slot<T>(OnceCell<T>);

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(OnceCell::new())
    }
}

impl<T> Slot<T> {
    fn fill(&self, plugin: T) -> Result<(), String> {
        self.0.set(plugin).map_err(|_| "`configure` was called twice in one instance".to_owned())
    }

    fn plugin(&self) -> Result<&T, &'static str> {
        self.0.get().ok_or("`configure` was not called, or refused the settings")
    }

    /// The plugin, for calls that have no way to fail. The host calls `configure` before all else.
    #[expect(clippy::missing_panics_doc, reason = "a trap is all that is left to say")]
    pub fn expect_plugin(&self) -> &T {
        self.0.get().expect("the host calls `configure` first")
    }
}

/// `configure` of a ranker.
pub fn configure_ranker<R: Ranker>(slot: &Slot<R>, settings: Vec<Setting>) -> Result<(), String> {
    slot.fill(R::configure(&Settings::from(settings))?)
}

/// `configure` of a scheduler plugin.
pub fn configure_scheduler<S: Scheduler>(
    slot: &Slot<S>,
    settings: Vec<Setting>,
) -> Result<(), String> {
    slot.fill(S::configure(&Settings::from(settings))?)
}

/// `rank`.
pub fn rank<R: Ranker>(
    slot: &Slot<R>,
    context: &Context,
    batch: &Batch,
) -> Result<Vec<i64>, RankError> {
    each(slot, batch, |ranker, task| ranker.rank(task, context))
}

/// `explain`.
pub fn explain<R: Ranker>(
    slot: &Slot<R>,
    context: &Context,
    batch: &Batch,
) -> Result<Vec<Explanation>, RankError> {
    each(slot, batch, |ranker, task| ranker.explain(task, context))
}

#[inline]
fn each<'a, R: Ranker, T>(
    slot: &Slot<R>,
    batch: &'a Batch,
    answer: impl Fn(&R, &R::Task<'a>) -> T,
) -> Result<Vec<T>, RankError> {
    let ranker = slot.plugin().map_err(|error| RankError::Other(error.to_owned()))?;
    let columns = R::Task::columns(batch)?;
    Ok((0..batch.len as usize).map(|at| answer(ranker, &R::Task::row(&columns, at))).collect())
}

/// Makes a type with [`Ranker`](crate::ranker::Ranker) the ranker that a plugin exports.
///
/// Name and version are those of the crate, unless said otherwise:
///
/// ```
/// # use hinny_plugin::ranker::*;
/// # #[derive(Inputs)]
/// # struct Task { #[input(attempts)] attempts: i64 }
/// # struct Mine;
/// # impl Ranker for Mine {
/// #     type Task<'a> = Task;
/// #     fn configure(_: &Settings) -> Result<Self, String> { Ok(Self) }
/// #     fn rank(&self, task: &Task, _: &Context) -> i64 { task.attempts }
/// # }
/// hinny_plugin::export_ranker!(Mine, name = "mine", version = "2.0.0");
/// ```
#[macro_export]
macro_rules! export_ranker {
    ($ranker:ty) => {
        $crate::export_ranker!(
            $ranker,
            name = env!("CARGO_PKG_NAME"),
            version = env!("CARGO_PKG_VERSION")
        );
    };
    ($ranker:ty, name = $name:expr, version = $version:expr $(,)?) => {
        const _: () = {
            use $crate::bindings::ranker::exports::hinny::plugin::ranker as wire;

            ::std::thread_local! {
                static SLOT: $crate::export::Slot<$ranker> = ::std::default::Default::default();
            }

            struct Exported;

            impl wire::Guest for Exported {
                fn configure(
                    settings: ::std::vec::Vec<$crate::settings::Setting>,
                ) -> ::std::result::Result<(), ::std::string::String> {
                    SLOT.with(|slot| $crate::export::configure_ranker(slot, settings))
                }

                fn describe() -> wire::Descriptor {
                    SLOT.with(|slot| {
                        let ranker = slot.expect_plugin();
                        wire::Descriptor {
                            name: ::std::convert::Into::into($name),
                            version: ::std::convert::Into::into($version),
                            inputs: $crate::ranker::Ranker::inputs(ranker),
                            refresh: $crate::ranker::Ranker::refresh(ranker),
                        }
                    })
                }

                fn rank(
                    context: wire::Context,
                    batch: wire::Batch,
                ) -> ::std::result::Result<::std::vec::Vec<i64>, wire::RankError> {
                    SLOT.with(|slot| $crate::export::rank(slot, &context, &batch))
                }

                fn explain(
                    context: wire::Context,
                    batch: wire::Batch,
                ) -> ::std::result::Result<::std::vec::Vec<wire::Explanation>, wire::RankError>
                {
                    SLOT.with(|slot| $crate::export::explain(slot, &context, &batch))
                }
            }

            // Only as a component is there anyone to export to; in a native test, two plugins
            // would claim the same symbols.
            #[cfg(target_arch = "wasm32")]
    $crate::bindings::ranker::export!(Exported with_types_in $crate::bindings::ranker);

            // So natively nobody calls the plugin; this keeps lints from calling it dead.
            #[cfg(not(target_arch = "wasm32"))]
            const _: Exported = Exported;
        };
    };
}

/// Makes a type with [`Scheduler`](crate::scheduler::Scheduler) the scheduler plugin that is
/// exported. Name and version are those of the crate, unless said otherwise, as in
/// [`export_ranker!`](crate::export_ranker).
#[macro_export]
macro_rules! export_scheduler {
    ($scheduler:ty) => {
        $crate::export_scheduler!(
            $scheduler,
            name = env!("CARGO_PKG_NAME"),
            version = env!("CARGO_PKG_VERSION")
        );
    };
    ($scheduler:ty, name = $name:expr, version = $version:expr $(,)?) => {
        const _: () = {
            use $crate::bindings::scheduler::exports::hinny::plugin::scheduler as wire;

            ::std::thread_local! {
                static SLOT: $crate::export::Slot<$scheduler> = ::std::default::Default::default();
            }

            struct Exported;

            impl wire::Guest for Exported {
                fn configure(
                    settings: ::std::vec::Vec<$crate::settings::Setting>,
                ) -> ::std::result::Result<(), ::std::string::String> {
                    SLOT.with(|slot| $crate::export::configure_scheduler(slot, settings))
                }

                fn describe() -> wire::Descriptor {
                    SLOT.with(|slot| {
                        let description =
                            $crate::scheduler::Scheduler::describe(slot.expect_plugin());
                        description.into_descriptor(
                            ::std::convert::Into::into($name),
                            ::std::convert::Into::into($version),
                        )
                    })
                }

                fn admit(
                    now: i64,
                    drafts: ::std::vec::Vec<wire::Draft>,
                ) -> ::std::vec::Vec<::std::result::Result<wire::Admitted, wire::Rejection>>
                {
                    SLOT.with(|slot| {
                        $crate::scheduler::Scheduler::admit_all(slot.expect_plugin(), drafts, now)
                    })
                }

                fn handle(
                    now: i64,
                    trigger: wire::Trigger,
                ) -> ::std::result::Result<::std::vec::Vec<wire::Command>, wire::Failure> {
                    SLOT.with(|slot| {
                        $crate::scheduler::Scheduler::handle(slot.expect_plugin(), trigger, now)
                    })
                }
            }

            #[cfg(target_arch = "wasm32")]
            $crate::bindings::scheduler::export!(
                Exported with_types_in $crate::bindings::scheduler
            );

            #[cfg(not(target_arch = "wasm32"))]
            const _: Exported = Exported;
        };
    };
}

/// `configure` of a plugin that has no settings, and nothing to remember: refuses every setting.
///
/// ```
/// # use hinny_plugin::{ranker::*, testing::*};
/// # use serde_json::json;
/// # #[derive(Inputs)]
/// # struct Task { #[input(attempts)] attempts: i64 }
/// struct Mine;
///
/// impl Ranker for Mine {
/// #   type Task<'a> = Task;
///     no_settings!();
///     // …
/// #   fn rank(&self, task: &Task, _: &Context) -> i64 { task.attempts }
/// }
///
/// let refused = RankerTest::<Mine>::new(json!({"weight": 1})).unwrap_err();
/// assert_eq!(refused, "setting `weight` is unknown, there are none");
/// ```
#[macro_export]
macro_rules! no_settings {
    () => {
        fn configure(
            settings: &$crate::settings::Settings,
        ) -> ::std::result::Result<Self, ::std::string::String> {
            settings.deny_unknown(&[])?;
            ::std::result::Result::Ok(Self)
        }
    };
}
