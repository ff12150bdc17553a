//! The templates in `sdk/templates`, filled in.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use hinny_build::PluginName;

/// What a plugin decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum World {
    /// The order of tasks.
    Ranker,
    /// Which tasks there are.
    Scheduler,
}

/// What a plugin is built with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Home {
    /// The guests of this repository.
    Member,
    /// Itself and the SDK.
    Standalone {
        /// Folder of the SDK.
        sdk: PathBuf,
    },
}

/// How to go on with a plugin.
pub(super) struct Steps {
    /// Tests it natively.
    pub(super) test: String,
    /// Builds it as a component.
    pub(super) build: String,
    /// Where that is then.
    pub(super) component: String,
}

impl Home {
    /// That of a folder: what lies right below `plugins/` is a member.
    pub(super) fn of(folder: &Path, plugins: &Path) -> Result<Self> {
        if folder.parent() == Some(plugins) {
            return Ok(Self::Member);
        }
        let root = plugins.parent().context("`plugins` is a folder of the repository")?;
        Ok(Self::Standalone { sdk: root.join("sdk/rust") })
    }

    /// The commands that test and build a plugin of this home, from the root of the repository.
    pub(super) fn steps(&self, name: &PluginName, folder: &Path) -> Steps {
        let (name, folder) = (name.as_str(), folder.display());
        let component = format!("dist/plugins/{name}.wasm");
        match self {
            Self::Member => Steps {
                test: format!("cargo test --manifest-path plugins/Cargo.toml --package {name}"),
                build: "cargo xtask plugins".to_owned(),
                component,
            },
            Self::Standalone { .. } => Steps {
                test: format!("cargo test --manifest-path {folder}/Cargo.toml"),
                build: format!("cargo xtask plugins {folder}"),
                component,
            },
        }
    }

    fn manifest(&self) -> &'static str {
        match self {
            Self::Member => include_str!("../../../sdk/templates/member.toml"),
            Self::Standalone { .. } => include_str!("../../../sdk/templates/standalone.toml"),
        }
    }

    fn dependencies(&self, world: World) -> String {
        let features = match world {
            World::Ranker => "",
            World::Scheduler => ", features = [\"json\"]",
        };
        let (sdk, [serde, serde_json]) = match self {
            Self::Member => (
                format!("hinny-plugin = {{ workspace = true{features} }}"),
                ["serde.workspace = true", "serde_json.workspace = true"],
            ),
            Self::Standalone { sdk } => (
                // In single quotes nothing needs escapes, not even the paths of Windows.
                format!("hinny-plugin = {{ path = '{}'{features} }}", sdk.display()),
                [
                    "serde = { version = \"1.0\", default-features = false, features = [\"alloc\", \"derive\"] }",
                    "serde_json = { version = \"1.0\", default-features = false, features = [\"alloc\"] }",
                ],
            ),
        };
        match world {
            World::Ranker => format!("{sdk}\n\n[dev-dependencies]\n{serde_json}"),
            World::Scheduler => format!("{sdk}\n{serde}\n{serde_json}"),
        }
    }
}

impl World {
    pub(super) fn source(self) -> &'static str {
        match self {
            Self::Ranker => include_str!("../../../sdk/templates/ranker.rs"),
            Self::Scheduler => include_str!("../../../sdk/templates/scheduler.rs"),
        }
    }

    fn readme(self) -> &'static str {
        match self {
            Self::Ranker => include_str!("../../../sdk/templates/ranker.md"),
            Self::Scheduler => include_str!("../../../sdk/templates/scheduler.md"),
        }
    }
}

/// The files of a new plugin: path below its folder, and content.
pub(super) fn files(
    name: &PluginName,
    world: World,
    home: &Home,
    folder: &Path,
) -> [(&'static str, String); 3] {
    let steps = home.steps(name, folder);
    let fill = |template: &str| {
        template
            .replace("{{name}}", name.as_str())
            .replace("# {{dependencies}}", &home.dependencies(world))
            .replace("{{test}}", &steps.test)
            .replace("{{build}}", &steps.build)
            .replace("{{component}}", &steps.component)
    };
    [
        ("Cargo.toml", fill(home.manifest())),
        ("README.md", fill(world.readme())),
        ("src/lib.rs", world.source().to_owned()),
    ]
}
