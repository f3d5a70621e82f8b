import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { month, withMonthTable } from "../../bench/month.ts";

const costs = JSON.parse(readFileSync("bench/costs.json", "utf8"));
const page = readFileSync("docs/cost.md", "utf8");

test("the table of docs/cost.md is what the costs of bench/costs.json make", () => {
  expect(page).toBe(withMonthTable(page, costs));
});

test("a shop of ten fits what the free plan allows a day, and a shop of 200 what the paid plan includes", () => {
  const { day } = month(costs, 10);
  expect(day.requests).toBeLessThan(100_000);
  expect(day["rows read"]).toBeLessThan(5_000_000);
  expect(day["rows written"]).toBeLessThan(100_000);
  const { used } = month(costs, 200);
  expect(used.requests).toBeLessThan(10_000_000);
  expect(used["rows read"]).toBeLessThan(25_000_000_000);
  expect(used["rows written"]).toBeLessThan(50_000_000);
});

test("a page whose table is out of date is put right, and the rest of it stays", () => {
  const old = page.replace(/^\| rows read .*$/m, "| rows read | 1 |");
  expect(old).not.toBe(page);
  expect(withMonthTable(old, costs)).toBe(page);
});
