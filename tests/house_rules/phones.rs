//! Nobody's telephone rings because of us: every number in here is one of those set aside for stories.

use crate::kept;
use crate::repository::{File, file, files};

/// Not telephone numbers, but of their shape.
const OTHERS: [&str; 1] = ["4294967295"];

/// Whether ten digits are a number somebody could have, and not one of 555-0100 to 555-0199.
fn rings(digits: &str) -> bool {
    let starts_high = |part: &str| part.starts_with(|c| c >= '2');
    let (area, local) = digits.split_at(3);
    let given_out = starts_high(area) && !area[1..].starts_with('9') && area != "555" && starts_high(local);
    given_out && !local.starts_with("55501") && !OTHERS.contains(&digits)
}

/// A run of digits in a line.
struct Run<'a> {
    gap_before: &'a str,
    digits: &'a str,
    in_word: bool,
}

fn runs(line: &str) -> Vec<Run<'_>> {
    let mut runs = Vec::new();
    let mut rest = line;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (gap_before, after) = rest.split_at(at);
        let long = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        let (digits, next) = after.split_at(long);
        let in_word = |c: char| c.is_alphanumeric() || c == '_';
        let in_word = gap_before.ends_with(in_word) || next.starts_with(in_word);
        runs.push(Run { gap_before, digits, in_word });
        rest = next;
    }
    runs
}

fn real_numbers(line: &str) -> Vec<String> {
    let runs = runs(line);
    let whole = runs.iter().filter(|run| !run.in_word).filter_map(|run| match run.digits.len() {
        10 => Some(run.digits.to_owned()),
        11 => run.digits.strip_prefix('1').map(str::to_owned),
        _ => None,
    });
    let grouped = runs.windows(3).filter_map(|groups| {
        let joined = |run: &Run| ["-", ".", " ", ") ", ")"].contains(&run.gap_before);
        let of_one = groups[1..].iter().all(joined) && groups.iter().all(|run| !run.in_word);
        let shaped = groups.iter().map(|run| run.digits.len()).eq([3, 3, 4]);
        (of_one && shaped).then(|| groups.iter().map(|run| run.digits).collect())
    });
    whole.chain(grouped).filter(|digits: &String| rings(digits)).collect()
}

fn real(file: &File) -> Vec<String> {
    let lines = file.text.lines().enumerate();
    lines
        .flat_map(|(at, line)| real_numbers(line).into_iter().map(move |number| (at, number)))
        .map(|(at, number)| format!("{}:{}: {number}", file.path, at + 1))
        .collect()
}

#[test]
fn no_number_in_here_could_be_anybodys() {
    let ours = files("").into_iter().filter(|file| file.path != "Cargo.lock");
    kept(&ours.flat_map(|file| real(&file)).collect::<Vec<_>>());
}

#[test]
fn a_number_is_found_in_every_shape() {
    let (area, exchange, line) = ("604", "223", "4567");
    for shape in ["AEL", "1AEL", "+1AEL", "A-E-L", "(A) E-L", "1 A.E.L", "tel:+1-A-E-L", "\"A E L\""] {
        let text = shape.replace('A', area).replace('L', line).replace('E', exchange);
        assert_eq!(real(&file("a", &text)), [format!("a:1: {area}{exchange}{line}")], "{shape}");
        let made_up = shape.replace('A', area).replace('L', "0142").replace('E', "555");
        assert_eq!(real(&file("a", &made_up)), [""; 0], "{shape}");
    }
    let word = ["b", area, exchange, line].concat();
    for other in [&word, "2026-11-22 05:04", "1764000000000", "0.223.4567", "4294967295", "9999004723"] {
        assert_eq!(real(&file("a", other)), [""; 0], "{other}");
    }
}
