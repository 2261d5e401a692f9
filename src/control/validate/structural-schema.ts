/** A schema as CRDs write it (OpenAPI v3, structural), and as the files of `schema/core` do: the keywords we read. */
export interface StructuralSchema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, StructuralSchema>>;
  readonly additionalProperties?: boolean | StructuralSchema;
  readonly items?: StructuralSchema;
  readonly required?: readonly string[];
  readonly nullable?: boolean;
  readonly "x-kubernetes-int-or-string"?: boolean;
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean;
  readonly "x-kubernetes-list-type"?: "atomic" | "set" | "map";
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-validations"?: readonly ValidationRule[];
}

/** A rule in CEL beside a schema. */
export interface ValidationRule {
  readonly rule: string;
  readonly message?: string;
  /** Where the fault is, from the object the rule stands at, as in `.spec.port`. */
  readonly fieldPath?: string;
}

/** One mistake in one object, found by its schema. */
export interface FieldProblem {
  readonly code: "SchemaViolation" | "UnknownField";
  readonly field: string;
  readonly message: string;
  readonly hint: string;
}
