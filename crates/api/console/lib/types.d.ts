// The API's types for the checker: `openapi` is made from openapi/openapi.json by scripts/check-console.
import type { components, paths } from "openapi";

export type Schemas = components["schemas"];
export type Method = "get" | "post" | "put" | "patch" | "delete";
export type Path = keyof paths;

type Operation<P extends Path, M extends Method> = NonNullable<paths[P][M]>;
type Content<T> = T extends { content: { "application/json": infer B } } ? B : never;
type Success<R> = { [S in keyof R]: S extends 200 | 201 | 202 ? Content<R[S]> : never }[keyof R];

/** What an operation answers when all goes well. */
export type Answer<P extends Path, M extends Method> =
  Operation<P, M> extends { responses: infer R } ? ([Success<R>] extends [never] ? undefined : Success<R>) : never;

/** What an operation is sent. */
export type Body<P extends Path, M extends Method> =
  Operation<P, M> extends { requestBody?: infer B } ? Content<NonNullable<B>> : undefined;

export type Query<P extends Path, M extends Method> =
  Operation<P, M> extends { parameters: { query?: infer Q } } ? Partial<NonNullable<Q>> : never;

export type InPath<P extends Path, M extends Method> =
  Operation<P, M> extends { parameters: { path: infer X } } ? X : {};

export interface Options<P extends Path, M extends Method> {
  path?: InPath<P, M>;
  query?: Query<P, M> | Record<string, unknown>;
  body?: Body<P, M>;
  /** The version that was seen: the server refuses to change another. */
  version?: number;
  /** Names the request, so that sending it again does nothing twice. */
  once?: string;
  signal?: AbortSignal;
}

/** Of a list. */
export type Item<P extends Path> = Answer<P, "get"> extends { items: (infer T)[] } ? T : never;
/** Paths of lists. */
export type ListPath = { [P in Path]: paths[P] extends { get: any } ? (Answer<P, "get"> extends { items: any[] } ? P : never) : never }[Path];
