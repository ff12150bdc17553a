//! `hinny plugin keygen`: make a key to sign plugins with.

use std::{
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::Args;
use hinny_plugins::SigningKey;

use crate::{cli::output, config::TrustedKeyConfig};

/// Make a key to sign plugins with, and the lines for the configuration.
///
/// NAME.key.pem has the secret key, for whoever signs; NAME.pub.pem has the public one. Standard output has
/// the lines for the configuration of the host: `hinny plugin keygen release >> hinny.toml`. The files
/// are those of OpenSSL: `openssl genpkey -algorithm ed25519` makes a key, too.
#[derive(Debug, Args)]
pub(crate) struct Keygen {
    /// What to call it; files are named after it, and may have a folder before
    name: PathBuf,
}

impl Keygen {
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        let mut random = [0; 32];
        getrandom::fill(&mut random).context("the system gives no random bytes")?;
        let secret = SigningKey::pem_of_random(random);
        let public = SigningKey::from_pem(&secret)?.public().to_pem();
        let secret_file = self.file("key.pem");
        write_new(&secret_file, &secret, true)?;
        write_new(&self.file("pub.pem"), &public, false)?;
        output::print(&self.entry(public)?)?;
        eprintln!(
            "\n# Above: the lines for the configuration of the host. The secret key is in `{}`: sign with \
             `hinny plugin sign FILE --key {0}`, and let nobody else read it.",
            secret_file.display()
        );
        Ok(())
    }

    fn file(&self, ending: &str) -> PathBuf {
        let mut path = self.name.clone().into_os_string();
        path.push(".");
        path.push(ending);
        path.into()
    }

    /// The lines for the configuration.
    fn entry(&self, public: String) -> anyhow::Result<String> {
        let name = self.name.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let entry = TrustedKeyConfig { name, key: public, slots: Vec::new() };
        Ok(format!("[[plugins.trusted_keys]]\n{}", toml::to_string(&entry)?))
    }
}

/// Writes a file that is not there yet: a key that is lost is lost for good.
fn write_new(path: &Path, text: &str, secret: bool) -> anyhow::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if secret {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    #[cfg(not(unix))]
    let _ = secret;
    let mut file = options.open(path).with_context(|| {
        format!(
            "`{}` cannot be made; hint: keys are never overwritten, choose another name",
            path.display()
        )
    })?;
    file.write_all(text.as_bytes())
        .with_context(|| format!("`{}` cannot be written", path.display()))
}
