//! Verification: everything that can be known of a plugin before it counts.
//!
//! Each check has a name and says what it found; the first that fails ends it, and says what is
//! wrong, where, and how to mend it. All of it runs on a thread that may be busy or blocked, never
//! on the reactor.

mod measuring;
mod ranking;
mod report;
mod samples;
mod scheduling;
mod specimen;

use std::sync::Arc;

use hinny_core::{
    PluginDigest,
    plugin::{Verdict, World},
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use wasmtime::component::Component;

pub use self::measuring::{Figures, Measured, SizeFigures, measure};
use self::report::{Ended, Report};
pub use self::specimen::{Configured, ConfiguredRanker, ConfiguredScheduler, Specimen, Unfit};
use crate::{
    config::{Grants, PluginHostConfig},
    error::HostError,
    host::{Compiled, PluginHost},
    ranker::{RankerCode, RankerDescription},
    scheduler::{Described, SchedulerCode},
    settings::Settings,
    shape::{self, Import, Shape},
    title::Title,
};

/// How many imports a verdict lists. A plugin that passes has no more than six.
const IMPORTS_LISTED: usize = 64;

/// Verifies a component without a host around it: what `plugin check` shows.
///
/// Blocks for as long as compiling takes. With settings, `configure` must take them; without, a
/// plugin that needs some passes as far as it can be checked.
///
/// ```
/// # use hinny_plugins::{PluginHostConfig, verify};
/// let verdict = verify(&PluginHostConfig::default(), b"not a component", None)?;
/// assert_eq!(verdict.failure().map(|check| check.name.as_str()), Some("parse"));
/// # Ok::<(), hinny_plugins::HostError>(())
/// ```
pub fn verify(
    config: &PluginHostConfig,
    component: &[u8],
    settings: Option<&Value>,
) -> Result<Verdict, HostError> {
    let host = PluginHost::new(config)?;
    Ok(verify_component(&host, component, settings).verdict)
}

/// What verification found.
#[derive(Debug)]
pub(crate) struct Verified {
    pub(crate) verdict: Verdict,
    pub(crate) digest: PluginDigest,
    /// World and title, when they came to light.
    pub(crate) world: Option<World>,
    pub(crate) title: Option<Title>,
    /// What can be run; only when everything passed with the settings.
    pub(crate) ready: Option<Ready>,
}

/// A plugin that passed: linked, configured, described.
pub(crate) enum Ready {
    Ranker(RankerCode, RankerDescription),
    Scheduler(SchedulerCode, Box<Described>),
}

impl std::fmt::Debug for Ready {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Ranker(..) => "Ranker",
            Self::Scheduler(..) => "Scheduler",
        })
    }
}

/// The identity of a component.
pub fn digest(component: &[u8]) -> PluginDigest {
    PluginDigest(Sha256::digest(component).into())
}

/// Verifies a component as it is uploaded: no settings are known yet, unless they are given.
pub(crate) fn verify_component(
    host: &Arc<PluginHost>,
    component: &[u8],
    settings: Option<&Value>,
) -> Verified {
    let mut verification = Verification::new(host, digest(component), Grants::anything());
    let ended = verification.of_bytes(component, settings);
    verification.finish(ended)
}

/// A version that is about to be activated.
pub(crate) struct Candidate<'a> {
    pub(crate) world: World,
    pub(crate) digest: PluginDigest,
    /// Its bytes; not needed while its code is in the cache.
    pub(crate) component: Option<&'a [u8]>,
    pub(crate) settings: &'a Value,
    pub(crate) grants: Grants,
    /// Whether it ranks samples: not when it starts again with settings that it had before.
    pub(crate) samples: bool,
}

/// Verifies a version with the settings and grants that it is to run with. `None` when its code
/// must be compiled and its bytes are not here.
pub(crate) fn verify_candidate(
    host: &Arc<PluginHost>,
    candidate: &Candidate<'_>,
) -> Option<Verified> {
    let compiled = match (host.cached(candidate.world, &candidate.digest), candidate.component) {
        (Some(compiled), _) => Some(compiled),
        (None, Some(_)) => None,
        (None, None) => return None,
    };
    let mut verification = Verification::new(host, candidate.digest, candidate.grants.clone());
    verification.world = Some(candidate.world);
    let ended = verification.of_candidate(candidate, compiled);
    Some(verification.finish(ended))
}

struct Verification<'a> {
    host: &'a Arc<PluginHost>,
    report: Report,
    digest: PluginDigest,
    grants: Grants,
    world: Option<World>,
    title: Option<Title>,
}

impl<'a> Verification<'a> {
    fn new(host: &'a Arc<PluginHost>, digest: PluginDigest, grants: Grants) -> Self {
        Self { host, report: Report::start(), digest, grants, world: None, title: None }
    }

    fn of_bytes(
        &mut self,
        component: &[u8],
        settings: Option<&Value>,
    ) -> Result<Option<Ready>, Ended> {
        let shape = self.read(component)?;
        self.imports(&shape.imports, shape.world)?;
        let compiled = self.compile(shape.world, component)?;
        self.run(shape.world, &compiled.component, settings, true)
    }

    fn of_candidate(
        &mut self,
        candidate: &Candidate<'_>,
        compiled: Option<Compiled>,
    ) -> Result<Option<Ready>, Ended> {
        let compiled = match compiled {
            Some(compiled) => compiled,
            None => self.compile(candidate.world, candidate.component.unwrap_or_default())?,
        };
        let imports = imports_of(&compiled.component);
        self.imports(&imports, candidate.world)?;
        let settings = Some(candidate.settings);
        self.run(candidate.world, &compiled.component, settings, candidate.samples)
    }

    fn read(&mut self, component: &[u8]) -> Result<Shape, Ended> {
        let (size, most) = (component.len(), self.host.limits.component_bytes());
        self.report.check("size", || {
            if size <= most {
                return Ok(((), format!("{size} bytes, at most {most} are allowed")));
            }
            Err(format!(
                "{size} bytes, at most {most} are allowed; hint: strip debug information, or raise `plugins.limits.component_mb`"
            ))
        })?;
        self.report.check("parse", || {
            shape::parse(component).map(|()| ((), "a valid component".to_owned()))
        })?;
        let shape = self.report.check("world", || {
            shape::read(component).map(|shape| {
                let found = format!("a {}, by its export `{}`", shape.world, shape.export);
                (shape, found)
            })
        })?;
        self.world = Some(shape.world);
        Ok(shape)
    }

    /// What is imported must be of the world, and granted.
    fn imports(&mut self, imports: &[Import], world: World) -> Result<(), Ended> {
        let listed = imports.iter().take(IMPORTS_LISTED).map(|import| import.name.clone());
        self.report.imports = listed.collect();
        let grants = &self.grants;
        self.report
            .check("imports", || check_imports(imports, world, grants).map(|found| ((), found)))
    }

    fn compile(&mut self, world: World, component: &[u8]) -> Result<Compiled, Ended> {
        let (host, digest) = (self.host, self.digest);
        self.report.check("compile", || match host.compile(world, &digest, component) {
            Ok(compiled) => {
                let found = match compiled.took_ms {
                    Some(took) => format!("in {took} ms"),
                    None => "compiled before".to_owned(),
                };
                Ok((compiled, found))
            }
            Err(error) => Err(format!(
                "the engine does not take it: {}; hint: use only finished WebAssembly features, and no more memory at the start than `plugins.limits.memory_mb`",
                crate::text::shown(&format!("{error:#}"), host.limits.text_bytes as usize)
            )),
        })
    }

    fn run(
        &mut self,
        world: World,
        component: &Component,
        settings: Option<&Value>,
        samples: bool,
    ) -> Result<Option<Ready>, Ended> {
        let flat = self.report.check("settings", || {
            let flat = Settings::flatten(settings.unwrap_or(&Value::Null));
            let found = match settings {
                Some(_) => "as given",
                None => "none, as nothing is configured yet",
            };
            flat.map(|flat| (flat, found.to_owned())).map_err(|error| error.to_string())
        })?;
        let optional = settings.is_none();
        match world {
            World::Ranker => self.run_ranker(component, flat, optional, samples),
            World::Scheduler => self.run_scheduler(component, flat, optional, samples),
        }
    }

    fn finish(self, ended: Result<Option<Ready>, Ended>) -> Verified {
        let Self { report, digest, world, title, .. } = self;
        Verified {
            verdict: report.verdict(ended.is_ok()),
            digest,
            world,
            title,
            ready: ended.ok().flatten(),
        }
    }
}

/// The text for a plugin whose settings are not known yet.
fn needs_settings(said: &str) -> String {
    format!(
        "not without settings, by its word: {said}; what follows is checked when it is activated with them"
    )
}

/// The text of a failure to link: a function that is missing, or has another type.
fn link_text(error: &wasmtime::Error) -> String {
    format!(
        "{}; hint: build it against the `wit` folder of this host",
        crate::text::shown(&format!("{error:#}"), 1_000)
    )
}

fn imports_of(component: &Component) -> Vec<Import> {
    let names = component.component_type();
    let imports = names.imports(component.engine()).map(|(name, _)| Import {
        name: name.to_owned(),
        interface: shape::interface(name).map(str::to_owned),
    });
    imports.filter(|import| import.interface.as_deref() != Some("types")).collect()
}

/// What is imported, in words; or what of it is not of the world, or not granted.
pub(crate) fn check_imports(
    imports: &[Import],
    world: World,
    grants: &Grants,
) -> Result<String, String> {
    match imports.iter().find(|one| !allowed(one, world, grants)) {
        Some(import) => Err(not_offered(import, world)),
        None if imports.is_empty() => Ok("none: it can only compute".to_owned()),
        None => {
            let names: Vec<_> = imports.iter().map(|import| import.name.as_str()).collect();
            Ok(names.join(", "))
        }
    }
}

fn allowed(import: &Import, world: World, grants: &Grants) -> bool {
    let interface = import.interface.as_deref();
    world == World::Scheduler && interface.is_some_and(|interface| grants.allow(interface))
}

fn not_offered(import: &Import, world: World) -> String {
    let name = &import.name;
    match (world, import.interface.as_deref()) {
        (World::Scheduler, Some("log" | "tasks" | "state" | "schedules" | "messages")) => format!(
            "it imports `{name}`, which is not granted to this scheduler; hint: grant it in the configuration, or build the plugin without it"
        ),
        (World::Scheduler, Some("connector")) => format!(
            "it imports `{name}`, and no service is granted to this scheduler; hint: name those that it may ask in `plugin_grants.connector`, or build the plugin without it"
        ),
        (World::Scheduler, _) => format!(
            "it imports `{name}`; a scheduler plugin may import `hinny:plugin/log`, `tasks`, `state`, `schedules`, `messages` and `connector`; hint: build it without that import"
        ),
        (World::Ranker, _) => format!(
            "it imports `{name}`; a ranker may import nothing; hint: build it for `wasm32-unknown-unknown`, or with WASI stubbed out"
        ),
    }
}
