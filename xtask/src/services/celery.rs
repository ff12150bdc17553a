//! Celery: an environment of Python that has it, made once in the cache.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context, bail};

use crate::sh;

/// Names the Python that tests use, if there is one already.
pub(crate) const VARIABLE: &str = "HINNY_TEST_CELERY";

/// The version that the tests were written with.
const VERSION: &str = "5.7.0";

/// A Python that has Celery.
pub(crate) fn python() -> anyhow::Result<PathBuf> {
    if let Some(python) = sh::variable(VARIABLE) {
        return Ok(python.into());
    }
    let folder = sh::cache_dir()?.join("tools").join(format!("celery-{VERSION}"));
    let python = folder.join("bin/python");
    if !has_celery(&python) {
        sh::step(format_args!("install Celery {VERSION} for its tests, once"));
        sh::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))
            .context("Celery needs Python 3 with `venv`; hint: install it, or set HINNY_TEST_CELERY to a Python that has Celery")?;
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        sh::run(pip.arg(format!("celery=={VERSION}")))?;
    }
    if !has_celery(&python) {
        bail!("Celery was installed into {} but does not run", folder.display());
    }
    Ok(python)
}

fn has_celery(python: &PathBuf) -> bool {
    let mut command = Command::new(python);
    command.args(["-c", "import celery"]).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
