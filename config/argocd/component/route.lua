-- Health of IngressRoute, IngressRouteTCP, IngressRouteUDP and FairwayClass, as kstatus has it (docs/reference/status.md).
local health = { status = "Progressing", message = "No controller has seen it yet." }

if obj.metadata.deletionTimestamp ~= nil then
  health.message = "It is being deleted."
  return health
end
if obj.status == nil or obj.status.observedGeneration == nil or obj.status.observedGeneration < 0 then
  return health
end
if obj.status.observedGeneration ~= obj.metadata.generation then
  health.message = "Its newest generation has not been seen yet."
  return health
end

for _, condition in ipairs(obj.status.conditions or {}) do
  if condition.type == "Stalled" and condition.status == "True" then
    return { status = "Degraded", message = condition.message }
  end
end
for _, condition in ipairs(obj.status.conditions or {}) do
  if condition.type == "Ready" then
    health.message = condition.message
    if condition.status == "True" then
      health.status = "Healthy"
    end
  end
end
return health
