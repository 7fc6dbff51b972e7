//! An HTTP/1.1 answer, as far as our own door needs it understood.

/// The status, and where the body begins, once all of it is there.
pub(crate) fn whole(answer: &[u8]) -> Option<(u16, usize)> {
    let head_end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..head_end]).ok()?;
    let status = head.get(9..12)?.parse().ok()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let body = head_end + 4;
    (answer.len() >= body + length.unwrap_or(0)).then_some((status, body))
}
