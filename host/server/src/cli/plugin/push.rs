//! `hinny plugin push` and `pull`: plugins go to hosts and to registries of OCI artifacts, and come
//! from registries.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::Args;
use hinny_plugins::Trust;

use super::{given::Given, load::load, place::Place, sign};
use crate::{
    cli::{
        client::TokenArgs,
        failure::Usage,
        oci::{Artifact, OciRef, Pulled, RegistryArgs},
        output::{self, Format},
    },
    clock, signature_file,
};

/// Push a plugin to a host or to an OCI registry, with the signature beside it
///
/// A host verifies it and keeps it, as with `hinny plugin load`; it is not activated.
#[derive(Debug, Args)]
pub(crate) struct Push {
    // Before all others: what they take is not there any more.
    #[command(flatten)]
    given: Given,
    /// Where: `http://HOST:PORT` or `https://…` for a host, `oci://REGISTRY/REPOSITORY:TAG` for a
    /// registry
    place: Place,
    /// Component file
    file: PathBuf,
    #[command(flatten)]
    host: HostArgs,
    #[command(flatten)]
    registry: RegistryArgs,
}

/// Who asks a host, and how its answer is shown.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Host")]
struct HostArgs {
    #[command(flatten)]
    token: TokenArgs,
    /// How to show the answer
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

/// What is asked of a host only.
const OF_HOSTS: [&str; 2] = ["token", "output"];

/// What is asked of a registry only.
const OF_REGISTRIES: [&str; 3] = ["username", "password", "plain_http"];

/// Pull a plugin from an OCI registry into a file, with its signature
///
/// By a tag, it prints the digest that the tag means now; by a digest, it makes sure that it gets
/// what has that digest. Nothing is brought into a host: `hinny plugin load FILE` does that.
#[derive(Debug, Args)]
pub(crate) struct Pull {
    /// Where: `oci://REGISTRY/REPOSITORY:TAG`, or `@sha256:…` instead of the tag
    place: OciRef,
    /// Where the component goes; the signature goes beside it, as FILE.sig
    #[arg(short = 'o', long = "file", value_name = "FILE")]
    file: PathBuf,
    /// Configuration file, for `[plugins.limits]` and `[[plugins.trusted_keys]]`
    #[arg(short, long, value_name = "FILE", env = "HINNY_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    registry: RegistryArgs,
}

impl Push {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match &self.place {
            Place::Host(url) => {
                self.refuse(&OF_REGISTRIES, "a registry", "a host")?;
                let client = self.host.token.connect(url.clone(), "as PLACE")?;
                load(&client, &self.file, self.host.output).await
            }
            Place::Registry(place) => {
                self.refuse(&OF_HOSTS, "a host", "a registry")?;
                self.to_registry(place).await
            }
        }
    }

    /// Refuses options that would do nothing. In the environment, they are there for all places.
    fn refuse(&self, options: &[&str], theirs: &str, place: &str) -> Result<(), Usage> {
        match self.given.first_of(options) {
            None => Ok(()),
            Some(option) => Err(Usage(format!(
                "`{option}` is for {theirs}, and the place is {place}; hint: leave it out, or name {theirs} as PLACE"
            ))),
        }
    }

    async fn to_registry(&self, place: &OciRef) -> anyhow::Result<()> {
        let component = super::read(&self.file)?;
        let written = fs::metadata(&self.file).and_then(|facts| facts.modified());
        let artifact = Artifact {
            signature: signature_file::beside(&self.file)?,
            title: self.file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            created: written.map(clock::moment).unwrap_or_default(),
            component,
        };
        let digest = hinny_plugins::digest(&artifact.component);
        if let Some(other) = artifact.signature.filter(|signature| signature.digest != digest) {
            anyhow::bail!(
                "the signature beside `{}` is of another component, {}; hint: sign the file once more",
                self.file.display(),
                other.digest
            );
        }
        let signed = if artifact.signature.is_some() { "with its signature" } else { "not signed" };
        let registry = self.registry.connect(place.clone())?;
        let manifest = registry
            .push(artifact)
            .await
            .with_context(|| format!("`{}` was not pushed to `{place}`", self.file.display()))?;
        let pinned = place.pinned(&manifest);
        let file = self.file.display();
        output::print(&format!("pushed `{file}` ({digest}, {signed})\n{pinned}\n"))?;
        Ok(())
    }
}

impl Pull {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let host = super::offline(self.config)?;
        let registry = self.registry.connect(self.place.clone())?;
        let bytes_max = (host.limits.component_mb as usize) << 20;
        let Pulled { manifest, component, signature } = registry.pull(bytes_max).await?;
        let signature_path = signature_file::path_of(&self.file);
        match signature {
            Some(signature) => write(&signature_path, format!("{signature}\n").as_bytes())?,
            None => remove(&signature_path)?,
        }
        write(&self.file, &component)?;
        let signed = sign::status(&self.file, &Trust::new(host.trusted_keys))?;
        let (file, digest) = (self.file.display(), hinny_plugins::digest(&component));
        let (signed, pinned) = (sign::told(signed.as_ref()), self.place.pinned(&manifest));
        output::print(&format!("pulled `{file}` ({digest}, {signed})\n{pinned}\n"))?;
        Ok(())
    }
}

/// Writes beside and renames, so that nobody who watches the folder sees a half.
fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let failed = || format!("`{}` cannot be written", path.display());
    let name = path.file_name().with_context(failed)?;
    let unfinished = path.with_file_name(format!(".{}.unfinished", name.to_string_lossy()));
    fs::write(&unfinished, bytes)
        .and_then(|()| fs::rename(&unfinished, path))
        .inspect_err(|_| drop(fs::remove_file(&unfinished)))
        .with_context(failed)
}

/// Removes the signature of what was there before.
fn remove(path: &Path) -> anyhow::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        done => done.with_context(|| format!("`{}` cannot be removed", path.display())),
    }
}
