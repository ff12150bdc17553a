//! The checks of a ranker that has been compiled.

use hinny_core::{
    Priority, SchedulerId,
    input::Columns,
    ranker::{FailureKind, RankContext},
};
use wasmtime::component::Component;

use super::{Ended, Ready, Verification, link_text, samples};
use crate::{
    bounds::Patience,
    call::{Call, CallError},
    ranker::{RankInstance, RankerCode, RankerDescription},
    settings::Settings,
};

impl Verification<'_> {
    pub(super) fn run_ranker(
        &mut self,
        component: &Component,
        settings: Settings,
        optional: bool,
        samples: bool,
    ) -> Result<Option<Ready>, Ended> {
        let host = self.host;
        let code = self.report.check("link", || {
            RankerCode::link(host, component, settings)
                .map(|code| (code, "every function is there".to_owned()))
                .map_err(|error| link_text(&error))
        })?;
        let Some(mut instance) = self.configure_ranker(&code, optional)? else { return Ok(None) };
        let description = self.report.check("describe", || {
            let said = instance.describe().map_err(|error| error.message)?;
            let found = found(&said);
            Ok((said, found))
        })?;
        self.title = Some(description.title.clone());
        if samples {
            self.report.check("samples", || {
                try_samples(&code, instance, &description)
                    .map(|found| ((), found))
                    .map_err(|error| format!("`{}`: {}", error.call, error.message))
            })?;
        }
        Ok(Some(Ready::Ranker(code, description)))
    }

    /// An instance with the settings; `None` when it needs some that are not known yet.
    fn configure_ranker(
        &mut self,
        code: &RankerCode,
        optional: bool,
    ) -> Result<Option<RankInstance>, Ended> {
        let mut title = None;
        let instance = self.report.check("configure", || {
            match RankInstance::configured(code, Patience::default()) {
                Ok(instance) => Ok((Some(instance), "takes the settings".to_owned())),
                Err(error) if optional && error.kind == FailureKind::Refused => {
                    // Its name may be known all the same.
                    title = RankInstance::bare(code, Patience::default())
                        .and_then(|mut bare| bare.describe())
                        .ok()
                        .map(|said| said.title);
                    Ok((None, super::needs_settings(&error.message)))
                }
                Err(error) => Err(error.message),
            }
        })?;
        self.title = title;
        Ok(instance)
    }
}

fn found(said: &RankerDescription) -> String {
    let refresh = match said.refresh {
        None => "never".to_owned(),
        Some(every) => format!("every {} ms", every.as_millis()),
    };
    format!("{}, {} inputs, refresh {refresh}", said.title.text, said.inputs.len())
}

/// Has samples ranked: in one instance twice, in another once more, and explained.
fn try_samples(
    code: &RankerCode,
    mut instance: RankInstance,
    description: &RankerDescription,
) -> Result<String, CallError> {
    let Ok(scheduler) = SchedulerId::new("verification") else { return Ok(String::new()) };
    let context = RankContext { now: samples::now(), scheduler, seed: samples::SEED };
    let mut other = RankInstance::configured(code, Patience::default())?;
    let batches = samples::batches(&description.inputs);
    let mut tasks = 0;
    for batch in &batches {
        let ranked = rank(&mut instance, &context, batch)?;
        same(&ranked, &rank(&mut instance, &context, batch)?, "when it was asked again")?;
        same(&ranked, &rank(&mut other, &context, batch)?, "in another instance")?;
        let explained = instance.explain(&context, batch, 0..batch.len)?;
        let explained: Vec<_> = explained.iter().map(|explanation| explanation.priority).collect();
        same(&ranked, &explained, "in `explain`")?;
        tasks += batch.len;
    }
    Ok(format!("{tasks} tasks in {} batches, each ranked alike every time", batches.len()))
}

fn rank(
    instance: &mut RankInstance,
    context: &RankContext,
    batch: &Columns,
) -> Result<Vec<Priority>, CallError> {
    instance.rank(context, batch, 0..batch.len)
}

fn same(first: &[Priority], then: &[Priority], when: &str) -> Result<(), CallError> {
    let Some(at) = first.iter().zip(then).position(|(first, then)| first != then) else {
        return Ok(());
    };
    let shown = |answer: &[Priority]| answer.get(at).map(ToString::to_string).unwrap_or_default();
    let why = format!(
        "not a pure function: task {at} of a sample batch got priority {}, and {} {when}; hint: use nothing but the inputs and the context",
        shown(first),
        shown(then)
    );
    Err(CallError::new(Call::Rank, FailureKind::OutOfRange, why))
}
