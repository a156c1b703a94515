//! Finding by a few characters: `rbn` finds `robin`.

/// How well `text` fits what was typed: none where a character is missing or comes too early; the
/// less the better, which is where the characters stand close together and near the beginning.
pub fn fit(typed: &str, text: &str) -> Option<(usize, usize)> {
    let typed: Vec<char> = lower(typed).filter(|c| !c.is_whitespace()).collect();
    let text: Vec<char> = lower(text).collect();
    (0..=text.len()).filter_map(|start| Some((span(&typed, &text[start..])?, start))).min()
}

/// How many characters from the beginning of `text` hold all of `typed`, which begins there.
fn span(typed: &[char], text: &[char]) -> Option<usize> {
    let Some((first, rest)) = typed.split_first() else {
        return Some(0);
    };
    if text.first() != Some(first) {
        return None;
    }
    rest.iter().try_fold(1, |at, c| {
        let next = text[at..].iter().position(|other| other == c)?;
        Some(at + next + 1)
    })
}

fn lower(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_in_their_order_fit_and_closer_ones_fit_better() {
        assert!(fit("rbn", "robin").is_some());
        assert!(fit("RB", "Robin").is_some());
        assert!(fit("nr", "robin").is_none());
        assert!(fit("robinn", "robin").is_none());
        assert!(fit("an", "dana") < fit("an", "aaron"));
        assert!(fit("a", "ada") < fit("a", "dana"));
        assert!(fit("ob", "nobody") < fit("ob", "oscar bell"));
        assert_eq!(fit("", "robin"), fit("", "dana"));
    }
}
