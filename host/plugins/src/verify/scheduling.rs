//! The checks of a scheduler plugin that has been compiled.

use hinny_core::ranker::FailureKind;
use tokio::runtime::{Builder, Runtime};
use wasmtime::component::Component;

use super::{Ended, Ready, Verification, link_text, samples};
use crate::{
    call::{Call, CallError},
    scheduler::{Described, SchedulerCode, SchedulerInstance},
    settings::Settings,
    title::Title,
};

impl Verification<'_> {
    pub(super) fn run_scheduler(
        &mut self,
        component: &Component,
        settings: Settings,
        optional: bool,
        samples: bool,
    ) -> Result<Option<Ready>, Ended> {
        let (host, grants) = (self.host, &self.grants);
        let code = self.report.check("link", || {
            SchedulerCode::link(host, component, settings, grants)
                .map(|code| (code, "every function is there".to_owned()))
                .map_err(|error| link_text(&error))
        })?;
        let Some((runtime, mut instance)) = self.configure_scheduler(&code, optional)? else {
            return Ok(None);
        };
        let described = self.report.check("describe", || {
            let said = runtime.block_on(instance.describe()).map_err(|error| error.message)?;
            let found = found(&said);
            Ok((said, found))
        })?;
        self.title = Some(described.title.clone());
        if samples {
            self.report.check("samples", || {
                runtime
                    .block_on(try_samples(&mut instance, &described))
                    .map(|found| ((), found))
                    .map_err(|error| format!("`{}`: {}", error.call, error.message))
            })?;
        }
        Ok(Some(Ready::Scheduler(code, Box::new(described))))
    }

    /// An instance with the settings; `None` when it needs some that are not known yet.
    fn configure_scheduler(
        &mut self,
        code: &SchedulerCode,
        optional: bool,
    ) -> Result<Option<(Runtime, SchedulerInstance)>, Ended> {
        let nobody = Title::unchecked(&self.digest.short(), "unverified");
        let mut title = None;
        let configured = self.report.check("configure", || {
            // A runtime of its own: the guest may keep this thread busy for as long as it may.
            let runtime = Builder::new_current_thread().enable_time().build();
            let runtime = runtime.map_err(|error| format!("no runtime to call it: {error}"))?;
            match runtime.block_on(SchedulerInstance::configured(code, &nobody, None)) {
                Ok(instance) => Ok((Some((runtime, instance)), "takes the settings".to_owned())),
                Err(error) if optional && error.kind == FailureKind::Refused => {
                    // Its name may be known all the same.
                    title = runtime.block_on(title_of(code, &nobody));
                    Ok((None, super::needs_settings(&error.message)))
                }
                Err(error) => Err(error.message),
            }
        })?;
        self.title = title;
        Ok(configured)
    }
}

async fn title_of(code: &SchedulerCode, nobody: &Title) -> Option<Title> {
    let mut bare = SchedulerInstance::bare(code, nobody, None).await.ok()?;
    Some(bare.describe().await.ok()?.title)
}

fn found(said: &Described) -> String {
    let description = &said.description;
    format!(
        "{}, makes tasks of type `{}`, wants {} kinds of triggers",
        said.title.text,
        description.task_type,
        description.interests.len()
    )
}

/// Asks about no draft, and about one that fits the schema if `{}` does, twice.
async fn try_samples(
    instance: &mut SchedulerInstance,
    described: &Described,
) -> Result<String, CallError> {
    instance.admit(samples::now(), &[]).await?;
    let drafts: Vec<_> = samples::draft().into_iter().collect();
    let offered = described.offer(&drafts);
    let first = instance.admit(samples::now(), &offered).await?;
    let again = instance.admit(samples::now(), &offered).await?;
    if first != again {
        let why = "a sample draft got one answer, and another when it was asked again; hint: identity and data may depend on the draft alone";
        return Err(CallError::new(Call::Admit, FailureKind::OutOfRange, why));
    }
    Ok(format!("{} drafts, each answered alike every time", offered.len()))
}
