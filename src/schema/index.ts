export const schemaEntry = 1;
