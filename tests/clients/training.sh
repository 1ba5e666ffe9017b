# The documented training job by curl and jq: assets, a job, its log, its model, a sweep.
# It knows nothing of the emulator. In: a folder with iris.csv and src/, where the model
# goes. Out: the log while it grows, then a line for the job and one for the sweep.
set -euo pipefail
from=$1 to=$2
arm=https://management.azure.com version=2024-04-01
group=/subscriptions/$AZURE_SUBSCRIPTION_ID/resourceGroups/$AZURE_RESOURCE_GROUP
workspace=$group/providers/Microsoft.MachineLearningServices/workspaces/$AZML_WORKSPACE
login() { # SCOPE
  curl -sSf "https://login.microsoftonline.com/$AZURE_TENANT_ID/oauth2/v2.0/token" \
    -d grant_type=client_credentials -d client_id="$AZURE_CLIENT_ID" \
    --data-urlencode client_secret="$AZURE_CLIENT_SECRET" -d scope="$1/.default" |
    jq -er .access_token
}
token=$(login https://management.azure.com)
storage_token=$(login https://storage.azure.com)
ask() { # VERB PATH [BODY]
  curl -sSf -X "$1" "$arm$workspace/$2?api-version=$version" \
    -H "Authorization: Bearer $token" -H "Content-Type: application/json" ${3:+-d "$3"}
}
blob() { # PATH [curl's words]
  local path=$1
  shift
  curl -sSf "https://$AZML_STORAGE_ACCOUNT.blob.core.windows.net/$path" \
    -H "Authorization: Bearer $storage_token" -H "x-ms-version: 2021-12-02" "$@"
}
upload() { # FILE PATH
  blob "$container/$2" -X PUT -H "x-ms-blob-type: BlockBlob" --data-binary @"$1" -o /dev/null
  echo "azureml://datastores/workspaceblobstore/paths/$2"
}
end_of() { # JOB
  local state
  until state=$(ask GET "jobs/$1" | jq -er .properties.status) &&
    [[ $state =~ ^(Completed|Failed|Canceled)$ ]]; do sleep 0.3; done
  echo "$state"
}

ask PUT computes/cpu-cluster '{"location": "westeurope", "properties": {
  "computeType": "AmlCompute", "properties": {"vmSize": "STANDARD_DS3_V2"}}}' > /dev/null
compute=$workspace/computes/cpu-cluster
environment=$(ask PUT environments/lightgbm/versions/1 \
  '{"properties": {"image": "mcr.microsoft.com/azureml/base:latest"}}' | jq -er .id)
container=$(ask GET datastores/workspaceblobstore | jq -er .properties.containerName)
iris=$(upload "$from/iris.csv" curl/iris.csv)
source=$(upload "$from/src/train.py" curl/src/train.py)
data=$(ask PUT data/iris/versions/1 "$(jq -n --arg uri "$iris" \
  '{properties: {dataType: "uri_file", dataUri: $uri}}')" | jq -er .id)
code=$(ask PUT codes/train/versions/1 "$(jq -n --arg uri "${source%/train.py}" \
  '{properties: {codeUri: $uri}}')" | jq -er .id)
common=$(jq -n --arg data "$data" --arg compute "$compute" '{
  experimentName: "by-curl", computeId: $compute,
  inputs: {iris: {jobInputType: "uri_file", uri: $data}}}')
trained=$(jq -n --arg code "$code" --arg environment "$environment" '{
  codeId: $code, environmentId: $environment,
  command: "python train.py --iris-csv ${{inputs.iris}}"}')

ask PUT jobs/trained "$(jq -n --argjson a "$common" --argjson b "$trained" '{properties:
  ($a + $b + {jobType: "Command"} | .command += " --output outputs/model")}')" > /dev/null
echo "the job is $(end_of trained)"
run=azureml/ExperimentRun/dcid.trained
blob "$run/user_logs/std_log.txt" | grep test-multi_logloss
blob "$run/outputs/model/model.txt" -o "$to/model.txt"

trial=$(jq '.command += " --learning_rate ${{search_space.learning_rate}}"' <<< "$trained")
ask PUT jobs/swept "$(jq -n --argjson a "$common" --argjson trial "$trial" '{properties:
  ($a + {jobType: "Sweep", trial: $trial,
  samplingAlgorithm: {samplingAlgorithmType: "Random", seed: 7},
  searchSpace: {learning_rate: ["uniform", [0.05, 0.8]]},
  objective: {primaryMetric: "test-multi_logloss", goal: "Minimize"},
  limits: {jobLimitsType: "Sweep", maxTotalTrials: 4, maxConcurrentTrials: 2}})}')" > /dev/null
echo "the sweep is $(end_of swept)"
ask GET jobs/swept | jq -r '.properties.properties | .best_child_run_id, .score'
