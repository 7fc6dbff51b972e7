//! Plays a script and writes the conversation down as it happens.

use std::io::Write;

use serde_json::Value;
use tokio::time::Instant;

use super::caller::{Caller, NoAnswer};
use super::script::{Cast, Heard, Script};

/// How a conversation went.
pub struct Played {
    /// Whether it ended as the script says it should.
    pub as_written: bool,
    pub heard: Heard,
}

pub async fn play(
    script: &'static Script,
    cast: &Cast,
    mut caller: Caller,
    out: &mut (dyn Write + Send),
) -> Result<Played, NoAnswer> {
    let mut heard = Heard::default();
    for act in script.acts {
        let arguments = (act.arguments)(cast, &heard);
        let asked = Instant::now();
        let answer = caller.tool(act.tool, &arguments).await?;
        let took = asked.elapsed();
        let _ = writeln!(out, "\n  caller  {}", act.caller_says);
        let _ = writeln!(out, "  tool    {} {arguments}", act.tool);
        let _ = writeln!(out, "  answer  {} ({:.1} ms)", text(&answer["code"]), took.as_secs_f64() * 1e3);
        for fact in facts(&answer) {
            let _ = writeln!(out, "          {fact}");
        }
        let _ = writeln!(out, "  agent   {}", text(&answer["say"]));
        heard.0.push((act.tool, answer));
    }
    caller.hang_up().await?;
    let _ = writeln!(out, "\n  (the call ends)");
    let last = heard.0.last().map_or("", |(_, answer)| answer["code"].as_str().unwrap_or_default());
    Ok(Played { as_written: last == script.ends_with, heard })
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("-")
}

/// What an answer holds beside its line, one per row, long ones cut.
fn facts(answer: &Value) -> Vec<String> {
    const WIDTH: usize = 110;
    let own = ["success", "code", "say", "retryable"];
    let facts = answer.as_object().into_iter().flatten().filter(|(key, _)| !own.contains(&key.as_str()));
    let rows = facts.flat_map(|(key, value)| match value {
        Value::Array(items) => items.iter().map(|item| format!("{key}: {item}")).collect(),
        value => vec![format!("{key}: {value}")],
    });
    rows.map(|row| {
        let cut: String = row.chars().take(WIDTH).collect();
        if cut.len() < row.len() { cut + " ..." } else { cut }
    })
    .collect()
}
