//! Lists that are longer than a page.

use watchfire_shared::page::{MAX_INCIDENTS, Page};

use crate::client::ClientError;

/// As many pages as the limit asks for, as one. `ask` takes the size of a page and where it begins.
pub async fn up_to<T>(
    limit: u32,
    mut ask: impl AsyncFnMut(u32, Option<String>) -> Result<Page<T>, ClientError>,
) -> Result<Page<T>, ClientError> {
    let mut all = ask(limit.min(MAX_INCIDENTS), None).await?;
    while let Some(cursor) = all.next_cursor.clone() {
        let have = u32::try_from(all.items.len()).unwrap_or(u32::MAX);
        if have >= limit {
            break;
        }
        let next = ask((limit - have).min(MAX_INCIDENTS), Some(cursor)).await?;
        all.items.extend(next.items);
        all.next_cursor = next.next_cursor;
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes from `total` numbers, and how it asked for them.
    async fn take(total: u32, limit: u32) -> (Page<u32>, Vec<u32>) {
        let mut sizes = Vec::new();
        let page = up_to(limit, async |size, cursor| {
            sizes.push(size);
            let from: u32 = cursor.map_or(0, |cursor| cursor.parse().unwrap());
            let to = (from + size).min(total);
            let next_cursor = (to < total).then(|| to.to_string());
            Ok(Page { items: (from..to).collect(), next_cursor })
        });
        (page.await.unwrap(), sizes)
    }

    #[tokio::test]
    async fn a_list_is_as_long_as_the_limit_or_as_there_is() {
        let (page, sizes) = take(500, 450).await;
        assert_eq!(page.items, (0..450).collect::<Vec<u32>>());
        assert_eq!((page.next_cursor.as_deref(), sizes), (Some("450"), vec![200, 200, 50]));
        let (page, sizes) = take(230, 1_000).await;
        assert_eq!((page.items.len(), page.next_cursor), (230, None));
        assert_eq!(sizes, [200, 200]);
    }
}
