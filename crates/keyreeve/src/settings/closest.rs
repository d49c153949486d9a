//! Which known name somebody may have meant.

/// The one that takes the fewest changes of a letter.
pub(crate) fn closest(name: &str, known: impl Iterator<Item = String>) -> String {
    known.min_by_key(|known| distance(name, known)).unwrap_or_default()
}

/// How many letters have to be put in, taken out or replaced (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (above, from) in from.chars().enumerate() {
        let mut diagonal = above;
        let mut left = above + 1;
        let mut next = vec![left];
        for (to, up) in to.chars().zip(row.iter().skip(1)) {
            left = (diagonal + usize::from(from != to)).min(up + 1).min(left + 1);
            diagonal = *up;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_changes() {
        for (from, to, changes) in
            [("", "", 0), ("a", "", 1), ("", "ab", 2), ("listen", "listn", 1), ("kitten", "sitting", 3)]
        {
            assert_eq!(distance(from, to), changes, "{from} {to}");
        }
    }

    #[test]
    fn a_slip_finds_the_name() {
        let known = ["listen", "metrics_listen", "log_level"].map(str::to_owned);
        assert_eq!(closest("loglevel", known.into_iter()), "log_level");
    }
}
