-- Health of the kinds that several controllers may use: each of them speaks in an entry of its own (docs/reference/status.md).
local health = { status = "Healthy", message = "No controller uses it." }

if obj.metadata.deletionTimestamp ~= nil then
  return { status = "Progressing", message = "It is being deleted." }
end
if obj.status == nil or obj.status.controllers == nil then
  return health
end

for _, entry in ipairs(obj.status.controllers) do
  local isCurrent = entry.observedGeneration == obj.metadata.generation
  if not isCurrent and health.status == "Healthy" then
    health = { status = "Progressing", message = entry.controllerName .. " has not seen its newest generation yet." }
  end
  for _, condition in ipairs(entry.conditions or {}) do
    if isCurrent and condition.status ~= "True" then
      if condition.type == "Accepted" then
        return { status = "Degraded", message = condition.message }
      elseif condition.type == "ResolvedRefs" then
        health = { status = "Progressing", message = condition.message }
      end
    elseif isCurrent and condition.type == "Accepted" and health.status == "Healthy" then
      health.message = condition.message
    end
  end
end
return health
