/** What a page is told by its address. */
export interface PageProps {
  params: Record<string, string>;
  query: Record<string, string>;
}
