/** What looking a query parameter up costs next to one comparison of strings: the query is decoded. */
export const QUERY_COST = 6;
