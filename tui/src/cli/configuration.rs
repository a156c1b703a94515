//! `config`: whether `config.toml` is right, and what is in force.

use super::args::Configuration;
use super::output::{Out, Tone};
use super::{Done, Exit, Failure};
use crate::config::{self, Config, Shown};

pub fn perform(what: Configuration, context: Option<&str>, json: bool) -> Done {
    match what {
        Configuration::Check => check(json),
        Configuration::Show => show(context, json),
    }
}

fn check(json: bool) -> Done {
    let mut out = Out::new(&Config::default(), json);
    let checked = config::check().map_err(|error| Failure::said(Exit::Usage, error))?;
    let file = checked.file.display().to_string();
    let told: Vec<String> = checked.mistakes.iter().map(ToString::to_string).collect();
    if json {
        out.value(
            &serde_json::json!({ "file": file, "exists": checked.exists, "mistakes": told }),
        )?;
    } else if told.is_empty() {
        let says = if checked.exists { "is fine" } else { "is not there: the defaults apply" };
        out.line(&format!("{} {says}", out.safe(&file)))?;
    } else {
        for mistake in &told {
            out.line(out.safe(mistake).as_str())?;
        }
    }
    out.flush()?;
    match told.len() {
        0 => Ok(()),
        1 => Err(Failure::said(Exit::Usage, "There is a mistake in config.toml")),
        n => Err(Failure::said(Exit::Usage, format!("There are {n} mistakes in config.toml"))),
    }
}

fn show(context: Option<&str>, json: bool) -> Done {
    let config = Config::load(context).map_err(|error| Failure::said(Exit::Usage, error))?;
    let mut out = Out::new(&config, json);
    let shown = config.shown();
    if json {
        let object: serde_json::Map<_, _> = shown
            .iter()
            .map(|Shown { name, value, from }| {
                (name.clone(), serde_json::json!({ "value": value, "from": from }))
            })
            .collect();
        out.value(&object)?;
        return Ok(out.flush()?);
    }
    let widest = |of: fn(&Shown) -> &str| shown.iter().map(|it| out.safe(of(it)).width()).max();
    let names = widest(|it| &it.name).unwrap_or(0);
    let values = widest(|it| &it.value).unwrap_or(0).min(48);
    for Shown { name, value, from } in &shown {
        let (name, value) = (out.safe(name), out.safe(value));
        let name = format!("{name}{}", " ".repeat(names - name.width()));
        let gap = " ".repeat(values.saturating_sub(value.width()));
        let from = out.paint(Tone::Dim, out.safe(from).as_str());
        out.line(&format!("{}  {value}{gap}  {from}", out.paint(Tone::Strong, &name)))?;
    }
    Ok(out.flush()?)
}
